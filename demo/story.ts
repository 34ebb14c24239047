import { strict as assert } from 'node:assert';
import { setTimeout as wait } from 'node:timers/promises';
import type { Terminal } from '../src/cli/terminal.ts';
import { createBrowser, signIn } from '../test/support/people.ts';
import type { Narrator } from './narrator.ts';
import { connectWith } from './nats-client.ts';
import { type Credential, exchange, natsSts } from './nats-sts-client.ts';
import { ADA, INVOICES, OPS, ORDERS } from './policy.ts';
import { type Actor, rotation, type Stage } from './rotation.ts';
import type { World } from './world.ts';

/** The story of two services, a person and an administrator. Throws an AssertionError if a step fails. */
export async function story(world: World, narrator: Narrator, terminal: Terminal): Promise<void> {
  narrator.step('The orders service gets a token from its identity provider');
  const token = await world.provider.tokenOf(ORDERS.id);
  narrator.facts(claimsOf(token));

  narrator.step('It exchanges the token for a NATS credential with POST /exchange');
  const credential = await exchange(world.stsUrl, token);
  assert('creds' in credential, `the exchange was refused: ${JSON.stringify(credential)}`);
  assert.equal(credential.role, 'orders');
  narrator.facts(about(credential));

  narrator.step('It connects to NATS and publishes where its role allows it');
  await using client = await connectWith(credential.creds, credential.servers);
  const message = await client.publishTo('orders.eu.created', '{"order": 1}', 'orders.eu.>');
  assert.equal(message.string(), '{"order": 1}');
  narrator.facts({ published: 'orders.eu.created', received: message.string() });

  narrator.step('Anywhere else, the NATS server denies it');
  const objection = await client.objectionTo('orders.us.created', '{"order": 1}');
  assert(objection !== undefined, 'the server let it publish to orders.us.created');
  narrator.facts({ published: 'orders.us.created', denied: objection });

  narrator.step('The invoices service is denied, and nats-sts says why');
  const stranger = await world.provider.tokenOf(INVOICES.id);
  const problem = await exchange(world.stsUrl, stranger);
  assert('code' in problem, 'the invoices service got a credential');
  assert.equal(problem.code, 'access_denied');
  narrator.output(JSON.stringify(problem, null, 2));
  narrator.output(`$ nats-sts explain --config ${world.config} --token "$TOKEN"`);
  const why = await natsSts(terminal, 'explain', '--config', world.config, '--token', stranger);
  assert.equal(why.exitCode, 3, why.output);
  assert.match(why.output, /team .*wants "orders" .*has "billing"/);
  narrator.output(why.output);

  await people({ world, narrator });
  await rotation({ world, narrator, terminal }, { client, token });
  await revocation({ world, narrator, terminal }, { client, token });

  narrator.step('The audit log has all of it');
  narrator.output('$ nats-sts audit');
  const audit = await natsSts(terminal, 'audit', '--config', world.config);
  assert.match(audit.output, /issued .*orders[^]*denied .*invoices[^]*denied .*orders/);
  narrator.output(audit.output);
}

/** A JWT is only encoded, not encrypted: anyone who has it can read it. */
function claimsOf(token: string): Record<string, string> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const claims = JSON.parse(payload) as Record<string, unknown>;
  const shown = ['iss', 'sub', 'aud', 'team', 'region'];
  return Object.fromEntries(shown.map((name) => [name, String(claims[name])]));
}

/** Everything but the JWT and the seed, which are secret. */
function about({ role, account, subject, expires_in }: Credential): Record<string, string> {
  return { role, account, user: subject, 'expires in': `${expires_in / 60} minutes` };
}

/** A person signs in on the page. The browser of this demo has no window and needs no script. */
export async function people({
  world,
  narrator,
}: Pick<Stage, 'world' | 'narrator'>): Promise<void> {
  narrator.step(
    'Ada, a person in the orders team, signs in with a browser and downloads a credential',
  );
  const browser = createBrowser();
  const home = await signIn(browser, `${world.stsUrl}/login`, ADA.name);
  assert.equal(home.status, 200, home.text);
  for (const text of [ADA.name, 'orders.eu.>']) {
    assert(home.text.includes(text), `the page does not say ${text}: ${home.text}`);
  }
  narrator.facts({
    'signed in': `${ADA.name}, at ${world.provider.issuer}`,
    page: `${world.stsUrl}/`,
  });

  const file = await home.press('Download credential for orders');
  assert.equal(file.status, 200, file.text);
  await using client = await connectWith(file.body, [world.natsUrl]);
  const message = await client.publishTo('orders.eu.created', '{"order": 2}', 'orders.eu.>');
  assert.equal(message.string(), '{"order": 2}');
  narrator.facts({ published: 'orders.eu.created', received: message.string() });
}

/** A limit for a client that is not disconnected, not a measurement: it takes milliseconds, or seconds on a slow machine. */
const PATIENCE_MILLISECONDS = 120_000;

/** An administrator revokes a service that is connected. */
export async function revocation(
  { world, narrator, terminal }: Stage,
  { client, token }: Actor,
): Promise<void> {
  narrator.step('An administrator revokes the orders service');
  const revoke = ['revoke', '--issuer', 'demo', '--subject', ORDERS.id, '--reason', 'leaked'];
  const asAdmin = ['--url', world.stsUrl, '--token', await world.provider.tokenOf(OPS.id)];
  const calledAt = performance.now();
  const disconnected = client.closed.then(() => Math.ceil(performance.now() - calledAt));
  const revoked = await natsSts(terminal, ...revoke, '--yes', ...asAdmin);
  assert.equal(revoked.exitCode, 0, revoked.output);
  const took = await Promise.race([
    disconnected,
    wait(PATIENCE_MILLISECONDS, undefined, { ref: false }),
  ]);
  assert(took !== undefined, 'its client is still connected');
  narrator.output(`$ nats-sts ${revoke.join(' ')} --yes`);
  narrator.output(revoked.output);
  narrator.facts({ 'its client': `disconnected by the NATS server ${took} ms after the call` });

  const refused = await exchange(world.stsUrl, token);
  assert('code' in refused, 'the old token was accepted');
  assert.equal(refused.code, 'invalid_token');
  narrator.facts({ 'its token': `${refused.status} ${refused.code}: ${refused.detail}` });
}
