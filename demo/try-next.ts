import { fileURLToPath } from 'node:url';
import type { Narrator } from './narrator.ts';
import { ADA, INVOICES, OLGA, OPS, ORDERS } from './policy.ts';
import type { World } from './world.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Lines to paste into another terminal; each group builds on those before. */
export function tryNext(narrator: Narrator, world: World): void {
  const say = (text: string) => narrator.say(text);
  const command = (line: string) => narrator.command(line);
  const { folder, config, provider, stsUrl, natsUrl } = world;
  const creds = `${folder}/app.creds`;
  const nats = `nats --server ${natsUrl} --creds ${creds}`;
  const natsSts = `npm --prefix ${word(PROJECT)} run --silent nats-sts --`;

  narrator.title('\nTry it yourself');
  say(`Open this page in a browser, and sign in as ${ADA.name}:`);
  command(stsUrl);
  say('Or, in another terminal, let the command line do it, and be asked in the browser:');
  command(`${natsSts} login --url ${stsUrl}`);
  say(`See what an operator sees; sign out first, and sign in as ${OLGA.name}:`);
  command(`${stsUrl}/console`);
  say('Get a token, as the orders service does:');
  command(getToken(provider.issuer, ORDERS));
  say('Exchange it for a credential that every NATS client takes:');
  command(getCreds(stsUrl, creds));
  say('Publish where the role allows it, and where it does not (the server refuses):');
  command(`${nats} pub orders.eu.created '{"order": 2}'`);
  command(`${nats} pub orders.us.created '{"order": 3}'`);
  say('Ask why the policy decides so:');
  command(`${natsSts} explain --config ${config} --token "$TOKEN"`);
  say('The invoices service is denied:');
  command(getToken(provider.issuer, INVOICES));
  command(`${curl(stsUrl)} -sS -w '\\n'`);
  say('Let it in: edit the policy, and exchange again once this window says that it is reloaded:');
  command(`sed -i.bak 's/team: orders/team: [orders, billing]/' ${config}`);
  command(getCreds(stsUrl, creds));
  say('Administer: look at the signing keys, rotate them, and cut the orders service off:');
  command(`export STS_URL=${stsUrl} STS_${getToken(provider.issuer, OPS)}`);
  command(`${natsSts} keys list`);
  command(`${natsSts} keys rotate --wait`);
  command(`${natsSts} revoke --issuer demo --subject ${ORDERS.id} --reason "trying it out"`);
  say('See who got what, who did not, and what the administrator did:');
  command(`${natsSts} audit --config ${config}`);
}

function getToken(issuer: string, { id, secret }: { id: string; secret: string }): string {
  const pick = String.raw`sed 's/.*"access_token":"\([^"]*\)".*/\1/'`;
  return `TOKEN=$(curl -fsS -u ${id}:${secret} -d grant_type=client_credentials ${issuer}/token | ${pick})`;
}

function getCreds(stsUrl: string, file: string): string {
  return `${curl(stsUrl)} -fsS -H "Accept: text/plain" > ${file}`;
}

function curl(stsUrl: string): string {
  return `curl -X POST ${stsUrl}/exchange -H "Authorization: Bearer $TOKEN"`;
}

function word(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
