import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assess, type Assessment } from '../../src/account/assess.ts';
import { signAccount } from '../../src/account/sign-account.ts';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../src/account/system/connection.ts';
import { systemResolver } from '../../src/account/system/resolver.ts';
import type { AccountResolver } from '../../src/account/resolver.ts';
import { emptyRing, type Ring } from '../../src/keyring/ring.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { type NatsCluster, startNatsCluster } from '../support/nats-cluster.ts';
import { createOperatorWorld } from '../support/operator-world.ts';
import { connectTo } from './connect.ts';
import { prepareClient } from './prepared-client.ts';
import { ringKey } from './rings.ts';

/** Servers that have stored an account JWT and apply another: seen, and cured by a later date. */

/** A server takes long to load an account JWT with so many entries: long enough to be overtaken by a push. */
const revocations = Object.fromEntries(
  Array.from({ length: 4000 }, () => [createKeyPair('user').publicKey, 1]),
);
const world = createOperatorWorld({
  accounts: { APP: { more: { revocations } } },
  resolver: 'full',
});
const app = world.account();
const account = app.key.publicKey;
const signer = world.operator.signingKey;
const issuers = new Set<string>([signer.publicKey]);
let cluster: NatsCluster;
let system: SystemConnection;
let resolver: AccountResolver;

beforeAll(async () => {
  cluster = await startNatsCluster({ world });
  // Not of the last: that one is stopped.
  const servers = cluster.servers.slice(0, 2);
  system = openSystemConnection({ servers, login: { creds: world.sysCreds } });
  await system.ready();
  resolver = systemResolver({ system });
});
afterAll(async () => {
  await system?.close();
  await cluster?.stop();
});

function newRing(): Ring {
  const key = ringKey({ state: 'staged', publicKey: createKeyPair('account').publicKey });
  return { ...emptyRing({ account: 'APP', publicKey: account, kind: 'managed' }), keys: [key] };
}

async function assessed(ring: Ring): Promise<Assessment> {
  return assess({ view: await resolver.look(account), ring, issuers, now: Date.now() });
}

/** Pushes what the ring wants; answers why it was needed. */
async function publish(ring: Ring): Promise<string | undefined> {
  const { push } = await assessed(ring);
  if (!push) return undefined;
  const replies = await resolver.push(signAccount({ claims: push.claims, signer }));
  expect(replies.map(({ code }) => code)).toEqual([200, 200, 200]);
  return push.why;
}

const isConfirmed = ({ confirmed }: Assessment, { keys }: Ring) =>
  confirmed.has(keys[0]!.publicKey);

test('a server that comes back with an old account JWT, and loads it, is seen and cured', async () => {
  const old = await cluster.node(2).copyJwts();
  const ring = newRing();
  expect(await publish(ring)).toBe('new');
  expect(isConfirmed(await assessed(ring), ring)).toBe(true);

  await cluster.node(2).restart({ directory: { copyOf: old } });
  await using _client = await connectTo(cluster.node(2).url, world.user().creds);
  const found = await assessed(ring);
  expect(isConfirmed(found, ring)).toBe(false);
  expect(found.push?.why).toBe('server-behind');

  expect(await publish(ring)).toBe('server-behind');
  const cured = await assessed(ring);
  expect(isConfirmed(cured, ring)).toBe(true);
  expect(cured.push).toBeUndefined();
});

/** The race: the server has read the old JWT and not yet registered the account when the new one is stored. */
const ROUNDS = 40;

test('a client that connects during the push makes a server load the old account JWT: seen and cured', async ({
  skip,
}) => {
  const left = await leaveBehind();
  if (!left) return skip(`it did not happen in ${ROUNDS} rounds on this machine`);
  const { ring, jwt, found } = left;
  expect(found.push?.why).toBe('server-behind');
  const { servers } = await resolver.look(account);
  expect(servers.find(({ name }) => name === 'node-2')?.state).toBe('applied');

  // The same JWT again changes nothing there, one with a later date does.
  expect((await resolver.push(jwt)).map(({ code }) => code)).toEqual([200, 200, 200]);
  expect(isConfirmed(await assessed(ring), ring)).toBe(false);
  expect(await publish(ring)).toBe('server-behind');
  expect(isConfirmed(await assessed(ring), ring)).toBe(true);
});

/** Pushes to a server that has not loaded the account while a client logs in, until that leaves it behind. */
async function leaveBehind(): Promise<{ ring: Ring; jwt: string; found: Assessment } | undefined> {
  // When the client logs in, milliseconds after the push: searched for, since machines differ.
  let [early, late] = [0, 60];
  for (let round = 0; round < ROUNDS; round++) {
    // A server that has just started has not loaded the account.
    await cluster.node(2).restart();
    const ring = newRing();
    const { push } = await assessed(ring);
    if (!push) throw new Error('nothing to push');
    const jwt = signAccount({ claims: push.claims, signer });
    await using client = await prepareClient(world, cluster.node(2).port);

    const delay = (early + late) / 2;
    const pushed = resolver.push(jwt).then(() => performance.now());
    await wait(delay);
    await client.logIn();
    const loggedInAt = performance.now();
    const pushedAt = await pushed;

    const found = await assessed(ring);
    if (!isConfirmed(found, ring)) return { ring, jwt, found };
    // Loaded before the new JWT came, and updated then: later. Loaded from the new one: earlier.
    if (loggedInAt < pushedAt) early = delay;
    else late = delay;
    if (late - early < 1) [early, late] = [Math.max(0, delay - 15), delay + 15];
  }
  return undefined;
}
