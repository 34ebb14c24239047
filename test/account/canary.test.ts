import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeKeys } from '../../src/account/canary.ts';
import type { Obstacle } from '../../src/account/canary-entry.ts';
import { systemClock } from '../../src/clock.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { NO_USER_LIMITS, type UserPermissionLimits } from '../../src/nats/user-claims.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsCluster, startNatsCluster } from '../support/nats-cluster.ts';
import { startNatsServer } from '../support/nats-server.ts';
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

function connectWith(servers: string, creds: string) {
  return connect({ servers, authenticator: credsAuthenticator(Buffer.from(creds)) });
}

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

describe('refusals of canaries that say nothing about their key', () => {
  async function found(
    options: { readonly conn?: number; readonly subs?: number; readonly config?: string },
    { hold = 0, keys = [signingKey] }: { hold?: number; keys?: readonly KeyPair<'account'>[] } = {},
  ) {
    const { config = '', ...limits } = options;
    const other = world.signAccount({
      name,
      key,
      body: { ...body, limits: { ...body.limits, ...limits } },
    });
    await using server = await startNatsServer({
      config: `${world.config.replace(world.account().jwt, other)}\n${config}`,
    });
    const held = [];
    for (let count = 0; count < hold; count += 1) {
      held.push(await connectWith(server.url, world.user().creds));
    }
    const obstacles = new Set<Obstacle>();
    const listings = await probeKeys({
      servers: [server.url],
      account: key.publicKey,
      keys,
      clock: systemClock,
      template: { ...NO_USER_LIMITS, pub: { allow: ['orders.>'] } },
      obstacles,
    });
    for (const connection of held) await connection.close();
    return { listings: [...listings.values()], obstacles: [...obstacles] };
  }

  test('a full account does not affect its keys: NATS accepts a user before it refuses it for that', async () => {
    const { listings, obstacles } = await found(
      { conn: 1 },
      { hold: 1, keys: [signingKey, scoped, stranger] },
    );
    // What the server says gets lost when the connection is reset before it is read.
    expect(['plain', 'unknown']).toContain(listings[0]);
    expect(listings.slice(1)).toEqual(['unknown', 'unlisted']);
    expect(['account-full', 'closed-at-once']).toEqual(expect.arrayContaining(obstacles));
  });

  test('an account without subscriptions', async () => {
    expect(await found({ subs: 0 })).toEqual({
      listings: ['unknown'],
      obstacles: ['no-subscriptions'],
    });
  });

  test('a server that is full', async () => {
    const { listings, obstacles } = await found({ config: 'max_connections: 1' }, { hold: 1 });
    expect(listings).toEqual(['unknown']);
    expect(['server-full', 'closed-at-once']).toEqual(expect.arrayContaining(obstacles));
  });

  test('a server that takes too long to look at a user', async () => {
    expect(await found({ config: 'authorization: { timeout: 0.000001 }' })).toEqual({
      listings: ['unknown'],
      obstacles: ['slow'],
    });
  });
});

test('an account with an auth callout counts as refusing its keys, however long the server waits for an answer', async () => {
  const authorization = { auth_users: [createKeyPair('user').publicKey] };
  const other = world.signAccount({ name, key, body: { ...body, authorization } });
  // The servers' own limit: they wait that long for an answer of the callout before they refuse.
  const limit = 'authorization: { timeout: 2 }';
  await using server = await startNatsServer({
    config: `${world.config.replace(world.account().jwt, other)}\n${limit}`,
  });
  // Where the server's own time limit ends it first, it says so, and the next look tells.
  await eventually(async () => {
    const listing = (await probe([server.url], [signingKey])).get(signingKey.publicKey);
    expect(['unlisted', 'unknown']).toContain(listing);
    return listing === 'unlisted';
  });
});
