import { strict as assert } from 'node:assert';
import { setTimeout as wait } from 'node:timers/promises';
import { shortKey } from '../src/cli/keys/key-text.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { NatsClient } from './nats-client.ts';
import { exchange, natsSts } from './nats-sts-client.ts';
import type { Narrator } from './narrator.ts';
import { OPS } from './policy.ts';
import type { World } from './world.ts';

/** What each chapter of the story uses. */
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
/** A limit for keys that do not rotate, not a measurement. */
const PATIENCE_MILLISECONDS = 120_000;

/** Signing keys rotate while a client keeps working. */
export async function rotation(
  { world, narrator, terminal }: Stage,
  { client, token }: Actor,
): Promise<void> {
  narrator.step(
    'The signing keys rotate, here every few seconds, while the service keeps publishing',
  );
  const publishing = client.keepPublishing('orders.eu.created', 'orders.eu.>');
  const keys = followKeys(world);
  let last: string | undefined;
  for (let n = 0; n < ROTATIONS; n++) {
    await keys.after(last);
    const credential = await exchange(world.stsUrl, token);
    assert('jwt' in credential, `the exchange was refused: ${JSON.stringify(credential)}`);
    last = issuerOf(credential.jwt);
    narrator.facts({ 'signs now': shortKey(last) });
  }
  const { published, received } = await publishing.counts();
  assert.equal(received, published);
  narrator.facts({ published: String(published), received: `${received}, on one connection` });

  narrator.output('$ nats-sts keys list');
  const asAdmin = ['--url', world.stsUrl, '--token', await world.provider.tokenOf(OPS.id)];
  const listed = await natsSts(terminal, 'keys', 'list', ...asAdmin);
  assert.equal(listed.exitCode, 0, listed.output);
  narrator.output(listed.output);
}

/** The signing keys in the order in which they become active, from now on. */
function followKeys(world: World) {
  const active: string[] = [];
  let heard = Promise.withResolvers<void>();
  world.follow(({ msg, publicKey = '' }) => {
    if (msg !== 'signing key is active') return;
    active.push(publicKey);
    heard.resolve();
    heard = Promise.withResolvers();
  });

  /** Whether another key became active after this one; without one, whether any did. */
  function isFollowed(key: string | undefined): boolean {
    if (key === undefined) return active.length > 0;
    return active.includes(key) && active.at(-1) !== key;
  }

  return {
    /** Resolves once another key is active. Rejects if none becomes active in time. */
    async after(key: string | undefined): Promise<void> {
      const late = wait(PATIENCE_MILLISECONDS, 'late' as const, { ref: false });
      while (!isFollowed(key)) {
        if ((await Promise.race([heard.promise, late])) === 'late') {
          throw new Error('no other key became active');
        }
      }
    },
  };
}

function issuerOf(jwt: string): string {
  const claims = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as { iss: string }).iss;
}
