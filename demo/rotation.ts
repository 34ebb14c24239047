import { strict as assert } from 'node:assert';
import { shortKey } from '../src/cli/keys/key-text.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { NatsClient } from './nats-client.ts';
import { exchange, natsSts } from './nats-sts-client.ts';
import type { Narrator } from './narrator.ts';
import { OPS } from './policy.ts';
import type { World } from './world.ts';

/** What each chapter of the story is told with. */
export interface Stage {
  readonly world: World;
  readonly narrator: Narrator;
  readonly terminal: Terminal;
}

/** A service with its token, connected to NATS. */
export interface Actor {
  readonly client: NatsClient;
  readonly token: string;
}

const ROTATIONS = 2;
const PATIENCE_MILLISECONDS = 10_000;

/** Signing keys rotate while a client works on. */
export async function rotation(
  { world, narrator, terminal }: Stage,
  { client, token }: Actor,
): Promise<void> {
  narrator.step('The signing keys rotate, here every few seconds, while it publishes on and on');
  const publishing = client.keepPublishing('orders.eu.created', 'orders.eu.>');
  for (let n = 0; n < ROTATIONS; n++) {
    const active = await nextKey(world);
    const credential = await exchange(world.stsUrl, token);
    assert('jwt' in credential, `the exchange was refused: ${JSON.stringify(credential)}`);
    assert.equal(issuerOf(credential.jwt), active);
    narrator.facts({ 'signs now': shortKey(active) });
  }
  const { published, received } = await publishing.counts();
  assert.equal(received, published);
  narrator.facts({ published: String(published), received: `${received}, on one connection` });

  narrator.output('$ nats-sts keys list');
  const asAdmin = ['--url', world.stsUrl, '--token', await world.provider.tokenOf(OPS.id)];
  const keys = await natsSts(terminal, 'keys', 'list', ...asAdmin);
  assert.equal(keys.exitCode, 0, keys.output);
  narrator.output(keys.output);
}

/** The next key that begins to sign. Rejects when none does. */
function nextKey(world: World): Promise<string> {
  return new Promise((resolve, reject) => {
    const missed = () => reject(new Error('no other key has come to sign'));
    AbortSignal.timeout(PATIENCE_MILLISECONDS).addEventListener('abort', missed, { once: true });
    world.follow(({ msg, publicKey = '' }) => {
      if (msg === 'signing key is active') resolve(publicKey);
    });
  });
}

function issuerOf(jwt: string): unknown {
  const claims = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as Record<string, unknown>)['iss'];
}
