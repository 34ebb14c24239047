import { strict as assert } from 'node:assert';
import { setTimeout as wait } from 'node:timers/promises';
import { exchange, natsSts } from './nats-sts-client.ts';
import { OPS, ORDERS } from './policy.ts';
import type { Actor, Stage } from './rotation.ts';

/** A limit for a client that is not disconnected, not a measure: it takes milliseconds, on a slow machine seconds. */
const PATIENCE_MILLISECONDS = 120_000;

/** An administrator cuts a service off that works. */
export async function revocation(
  { world, narrator, terminal }: Stage,
  { client, token }: Actor,
): Promise<void> {
  narrator.step('An administrator revokes the orders service');
  const revoke = ['revoke', '--issuer', 'demo', '--subject', ORDERS.id, '--reason', 'leaked'];
  const asAdmin = ['--url', world.stsUrl, '--token', await world.provider.tokenOf(OPS.id)];
  const calledAt = performance.now();
  const cut = client.closed.then(() => Math.ceil(performance.now() - calledAt));
  const revoked = await natsSts(terminal, ...revoke, '--yes', ...asAdmin);
  assert.equal(revoked.exitCode, 0, revoked.output);
  const took = await Promise.race([cut, wait(PATIENCE_MILLISECONDS, undefined, { ref: false })]);
  assert(took !== undefined, 'its client is still connected');
  narrator.output(`$ nats-sts ${revoke.join(' ')} --yes`);
  narrator.output(revoked.output);
  narrator.facts({ 'its client': `cut by the NATS server ${took} ms after the call` });

  const refused = await exchange(world.stsUrl, token);
  assert('code' in refused, 'the token from before was taken');
  assert.equal(refused.code, 'invalid_token');
  narrator.facts({ 'its token': `${refused.status} ${refused.code}: ${refused.detail}` });
}
