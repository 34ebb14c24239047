import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Session, systemSessions } from '../../../src/account/system/sessions.ts';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../../src/account/system/connection.ts';
import { type NatsCluster, startNatsCluster } from '../../support/nats-cluster.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { connectTo } from '../connect.ts';

const world = createOperatorWorld({
  accounts: { APP: { scopes: { publisher: {} } }, OTHER: {} },
  resolver: 'full',
});
const { key, signingKey, scopedKeys } = world.account('APP');
let cluster: NatsCluster;
let system: SystemConnection;
beforeAll(async () => {
  cluster = await startNatsCluster({ world, size: 2 });
  system = openSystemConnection({ servers: cluster.servers, login: { creds: world.sysCreds } });
  await system.ready();
});
afterAll(async () => {
  await system?.close();
  await cluster?.stop();
});

test('sessions of an account are counted on all servers, in portions, by user and by signing key', async () => {
  const users = [
    ...Array.from({ length: 5 }, () => world.user()),
    world.user({ role: 'publisher' }),
  ];
  await using stack = new AsyncDisposableStack();
  for (const [index, { creds }] of users.entries()) {
    stack.use(await connectTo(cluster.node(index % 2).url, creds));
  }
  stack.use(await connectTo(cluster.node(0).url, world.user({ account: 'OTHER' }).creds));

  const sessions = systemSessions({ system, portion: 2 });
  expect(await sessions.count(key.publicKey)).toBe(6);
  const two = new Set(users.slice(0, 2).map(({ key }): string => key.publicKey));
  expect(await sessions.count(key.publicKey, two)).toBe(2);

  const found: Session[] = [];
  for await (const session of sessions.of(key.publicKey)) found.push(session);
  expect(found.map(({ user }) => user).sort()).toEqual(
    users.map(({ key }): string => key.publicKey).sort(),
  );
  expect(found.find(({ user }) => user === users[5]!.key.publicKey)).toEqual({
    user: users[5]!.key.publicKey,
    signingKey: scopedKeys['publisher']!.publicKey,
    server: 'node-1',
  });
  expect(found.filter((session) => session.signingKey === signingKey.publicKey)).toHaveLength(5);
});

test('an account that nobody uses has none', async () => {
  const { key } = createOperatorWorld().account();
  expect(await systemSessions({ system }).count(key.publicKey)).toBe(0);
});
