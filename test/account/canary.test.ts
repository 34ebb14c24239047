import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeKeys } from '../../src/account/canary.ts';
import { systemClock } from '../../src/clock.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { NO_USER_LIMITS, type UserPermissionLimits } from '../../src/nats/user-claims.ts';
import { type NatsCluster, startNatsCluster } from '../support/nats-cluster.ts';
import { createOperatorWorld } from '../support/operator-world.ts';

const world = createOperatorWorld({
  accounts: { APP: { scopes: { publisher: { pub: { allow: ['orders.>'] } } } } },
  resolver: 'full',
});
const { name, key, body, signingKey, scopedKeys } = world.account();
const scoped = scopedKeys['publisher']!;
const stranger = createKeyPair('account');
let cluster: NatsCluster;
beforeAll(async () => {
  cluster = await startNatsCluster({ world, size: 2 });
});
afterAll(() => cluster?.stop());

function probe(servers: readonly string[], keys = [signingKey, scoped, stranger]) {
  return probeKeys({ servers, account: key.publicKey, keys, clock: systemClock });
}

test('plain, scoped and unlisted keys are told apart by connecting', async () => {
  expect(await probe(cluster.servers)).toEqual(
    new Map([
      [signingKey.publicKey, 'plain'],
      [scoped.publicKey, 'scoped'],
      [stranger.publicKey, 'unlisted'],
    ]),
  );
});

test('a scoped key whose users may do more than the role is found out where they may do anything', async () => {
  const { publicKey } = scoped;
  const found = async (template: Partial<UserPermissionLimits>) => {
    const wanted = { ...NO_USER_LIMITS, ...template };
    const { servers } = cluster;
    const account = key.publicKey;
    const of = { servers, account, keys: [scoped], template: wanted, clock: systemClock };
    return (await probeKeys(of)).get(publicKey);
  };
  // The account lets its users publish to orders.> and listen to everything.
  expect(await found({ pub: { allow: ['orders.>'] } })).toBe('scoped');
  expect(await found({ pub: { deny: ['secrets'] }, sub: { deny: ['secrets'] } })).toBe('scoped');
  expect(await found({ pub: { allow: ['orders.>'] }, sub: { allow: ['orders.>'] } })).toBe('wide');
});

test('a key that one of the servers does not list is unlisted', async () => {
  // A server whose account JWT lists one of the keys alone, and plainly.
  const other = world.signAccount({
    name,
    key,
    body: { ...body, signing_keys: [scoped.publicKey] },
  });
  await using lone = await startNatsCluster({
    world: {
      ...world,
      config: world.config.replace(world.account().jwt, other),
    },
    size: 1,
  });
  expect(await probe(lone.servers)).toEqual(
    new Map([
      [signingKey.publicKey, 'unlisted'],
      [scoped.publicKey, 'plain'],
      [stranger.publicKey, 'unlisted'],
    ]),
  );
  expect((await probe([...cluster.servers, ...lone.servers])).get(signingKey.publicKey)).toBe(
    'unlisted',
  );
});

test('servers that hang or are gone leave it unknown, also those that others make known', async () => {
  expect(await probe(['nats://127.0.0.1:1'], [signingKey])).toEqual(
    new Map([[signingKey.publicKey, 'unknown']]),
  );
  await cluster.node(1).pause();
  const found = await probe([cluster.node(0).url], [signingKey]);
  cluster.node(1).resume();
  expect(found).toEqual(new Map([[signingKey.publicKey, 'unknown']]));
});
