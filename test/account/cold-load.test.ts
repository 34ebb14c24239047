import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assess, type Assessment } from '../../src/account/assess.ts';
import { signAccount } from '../../src/account/sign-account.ts';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../src/account/system-connection.ts';
import { systemResolver } from '../../src/account/system-resolver.ts';
import type { AccountResolver } from '../../src/account/resolver.ts';
import { emptyRing, type Ring } from '../../src/keyring/ring.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { type NatsCluster, startNatsCluster } from '../support/nats-cluster.ts';
import { createOperatorWorld } from '../support/operator-world.ts';
import { connectTo } from './connect.ts';
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
  system = openSystemConnection({ servers, creds: { text: world.sysCreds } });
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

/** The race has one winner in every round: bounded, so that a machine on which it never happens doesn't hang. */
const ROUNDS = 40;

test('a client that connects during the push makes a server load the old account JWT: seen and cured', async () => {
  let behind = 0;
  for (let round = 0; round < ROUNDS && behind < 2; round++) {
    // A server that has just started has not loaded the account.
    await cluster.node(2).restart();
    const ring = newRing();
    const { push } = await assessed(ring);
    if (!push) throw new Error('nothing to push');
    const jwt = signAccount({ claims: push.claims, signer });
    // Earlier or later by as much as makes the two meet somewhere along the rounds.
    const pushing = wait(round % 2 === 0 ? 0 : round).then(() => resolver.push(jwt));
    const coming = wait(round % 2 === 0 ? round : 0).then(() => comeAndGo(cluster.node(2).url));
    const [replies] = await Promise.all([pushing, coming]);
    expect(replies.map(({ code }) => code)).toEqual([200, 200, 200]);

    const found = await assessed(ring);
    if (isConfirmed(found, ring)) continue;
    behind += 1;
    expect(found.push?.why).toBe('server-behind');
    // The same JWT again changes nothing there, one with a later date does.
    await resolver.push(jwt);
    expect(isConfirmed(await assessed(ring), ring)).toBe(false);
    expect(await publish(ring)).toBe('server-behind');
    expect(isConfirmed(await assessed(ring), ring)).toBe(true);
  }
  expect(behind).toBeGreaterThan(0);
});

async function comeAndGo(url: string): Promise<void> {
  await using _client = await connectTo(url, world.user().creds);
}
