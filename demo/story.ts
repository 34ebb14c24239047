import { strict as assert } from 'node:assert';
import type { Terminal } from '../src/cli/terminal.ts';
import { connectWith } from './nats-client.ts';
import { type Credential, exchange, natsSts } from './nats-sts-client.ts';
import type { Narrator } from './narrator.ts';
import { people } from './people.ts';
import { INVOICES, ORDERS } from './policy.ts';
import { revocation } from './revocation.ts';
import { rotation } from './rotation.ts';
import type { World } from './world.ts';

/** The whole way of two services, a person and an administrator. Throws an AssertionError when a step does not end as it should. */
export async function story(world: World, narrator: Narrator, terminal: Terminal): Promise<void> {
  narrator.step('The orders service gets a token from its identity provider');
  const token = await world.provider.tokenOf(ORDERS.id);
  narrator.facts(claimsOf(token));

  narrator.step('It exchanges the token for a NATS credential: POST /exchange');
  const credential = await exchange(world.stsUrl, token);
  assert('creds' in credential, `the exchange was refused: ${JSON.stringify(credential)}`);
  assert.equal(credential.role, 'orders');
  narrator.facts(about(credential));

  narrator.step('It connects to NATS, and publishes where its role allows');
  await using client = await connectWith(credential.creds, credential.servers);
  const message = await client.publishTo('orders.eu.created', '{"order": 1}', 'orders.eu.>');
  assert.equal(message.string(), '{"order": 1}');
  narrator.facts({ published: 'orders.eu.created', received: message.string() });

  narrator.step('Elsewhere, the NATS server itself refuses');
  const objection = await client.objectionTo('orders.us.created', '{"order": 1}');
  assert(objection !== undefined, 'the server let it publish to orders.us.created');
  narrator.facts({ published: 'orders.us.created', refused: objection });

  narrator.step('The invoices service is denied, and nobody has to guess why');
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

  narrator.step('The audit log has it all');
  narrator.output('$ nats-sts audit');
  const audit = await natsSts(terminal, 'audit', '--config', world.config);
  assert.match(audit.output, /issued .*orders[^]*denied .*invoices[^]*denied .*orders/);
  narrator.output(audit.output);
}

/** A JWT is only encoded, not encrypted: whoever holds it can read what it says. */
function claimsOf(token: string): Record<string, string> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const claims = JSON.parse(payload) as Record<string, unknown>;
  const shown = ['iss', 'sub', 'aud', 'team', 'region'];
  return Object.fromEntries(shown.map((name) => [name, String(claims[name])]));
}

/** JWT and seed are for nobody's eyes. */
function about({ role, account, subject, expires_in }: Credential): Record<string, string> {
  return { role, account, user: subject, 'expires in': `${expires_in / 60} minutes` };
}
