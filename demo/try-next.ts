import { fileURLToPath } from 'node:url';
import type { Narrator } from './narrator.ts';
import { ADA, INVOICES, OLGA, OPS, ORDERS } from './policy.ts';
import type { World } from './world.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Lines to paste into another terminal. Each group builds on the ones before. */
export function tryNext(narrator: Narrator, world: World): void {
  narrator.title('\nTry it yourself');
  for (const [text, ...lines] of [...asPerson(world), ...asService(world), ...asOperator(world)]) {
    narrator.say(text);
    for (const line of lines) narrator.command(line);
  }
}

/** What the lines do, and the lines. */
type Group = readonly [string, ...string[]];

function asPerson({ stsUrl }: World): Group[] {
  const url = `--url ${stsUrl}`;
  return [
    [
      'In another terminal (bash or zsh), first define the command that the lines below use:',
      `nats-sts() { ${word(process.execPath)} ${word(MAIN)} "$@"; }`,
    ],
    [`Open this page in a browser and sign in as ${ADA.name}:`, stsUrl],
    [
      `To see what an operator sees, sign out here and at the provider, then sign in as ${OLGA.name}:`,
      `${stsUrl}/console`,
    ],
    [
      `Sign in from the command line, with your browser or a code, as ${ADA.name} (${OLGA.name} has no role):`,
      `nats-sts login ${url}`,
      `nats-sts login ${url} --fresh --device`,
      `nats-sts whoami ${url}`,
    ],
    ['Sign out, which also removes the credential and the nats context:', `nats-sts logout ${url}`],
  ];
}

function asService({ folder, config, provider, stsUrl, natsUrl }: World): Group[] {
  const creds = `${folder}/app.creds`;
  const nats = `nats --server ${natsUrl} --creds ${creds}`;
  return [
    ['Get a token, as the orders service does:', getToken(provider.issuer, ORDERS)],
    ['Exchange it for a credential that works in every NATS client:', getCreds(stsUrl, creds)],
    [
      'Publish where the role allows it, and where it does not (the server denies it):',
      `${nats} pub orders.eu.created '{"order": 2}'`,
      `${nats} pub orders.us.created '{"order": 3}'`,
    ],
    ['See how the policy decides:', `nats-sts explain --config ${config} --token "$TOKEN"`],
    [
      'The invoices service is denied:',
      getToken(provider.issuer, INVOICES),
      String.raw`${curl(stsUrl)} -sS -w '\n'`,
    ],
    [
      'Let it in: edit the policy, and exchange again once this window says that the configuration was reloaded:',
      `sed -i.bak 's/team: orders/team: [orders, billing]/' ${config}`,
      getCreds(stsUrl, creds),
    ],
  ];
}

function asOperator({ config, provider, stsUrl }: World): Group[] {
  const latest = `grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4`;
  return [
    [
      'As an administrator, list the signing keys, rotate them, and revoke the orders service:',
      `export STS_URL=${stsUrl} STS_${getToken(provider.issuer, OPS)}`,
      'nats-sts keys list',
      'nats-sts keys rotate --wait --yes',
      `nats-sts revoke --issuer demo --subject ${ORDERS.id} --reason "trying it out" --yes`,
    ],
    [
      'List the revocations, and lift the latest:',
      'nats-sts revocations list',
      `nats-sts revocations lift "$(nats-sts revocations list --json | ${latest})"`,
    ],
    [
      'See who got a credential, who was denied, and what the administrator did:',
      `nats-sts audit --config ${config}`,
    ],
  ];
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
