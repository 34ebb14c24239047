import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { type AccountView, ResolverUnreachable } from '../../../src/account/resolver.ts';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../../src/account/system/connection.ts';
import { systemResolver } from '../../../src/account/system/resolver.ts';
import { eventually } from '../../support/eventually.ts';
import { type NatsCluster, startNatsCluster } from '../../support/nats-cluster.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { connectTo } from '../connect.ts';

const world = createOperatorWorld({ resolver: 'full' });
const { name, key, body, jwt } = world.account();
const account = key.publicKey;
let cluster: NatsCluster;
let system: SystemConnection;

beforeAll(async () => {
  cluster = await startNatsCluster({ world });
  // Only of the first: the others are stopped and paused.
  system = openSystemConnection({
    servers: [cluster.node(0).url],
    login: { creds: world.sysCreds },
  });
  await system.ready();
});
afterAll(async () => {
  await system?.close();
  await cluster?.stop();
});

let resolver: ReturnType<typeof systemResolver>;
beforeEach(async () => {
  await eventually(() => {
    const connection = system.current();
    return typeof connection === 'object' && connection.info?.server_name === 'node-0';
  });
  resolver = systemResolver({ system });
});

const states = ({ servers }: AccountView) =>
  Object.fromEntries(servers.map(({ name, state }) => [name, state]));

describe('a look', () => {
  test('shows what every server has applied, has not loaded, and stores', async () => {
    expect(await resolver.look(account)).toEqual({
      servers: expect.arrayContaining(
        ['node-0', 'node-1', 'node-2'].map((name) => ({
          id: expect.stringMatching(/^N/),
          name,
          state: 'not-loaded',
        })),
      ),
      stored: [jwt, jwt, jwt],
    });

    await using _client = await connectTo(cluster.node(1).url, world.user().creds);
    const { servers } = await resolver.look(account);
    expect(servers.find(({ name }) => name === 'node-1')).toMatchObject({ state: 'applied', jwt });
    expect(servers).toHaveLength(3);
  });

  test('waits for no silence when all servers answer', async () => {
    await resolver.look(account);
    // The clock by which silence is measured stands still.
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    for (let round = 0; round < 5; round++) {
      expect((await resolver.look(account)).servers).toHaveLength(3);
    }
  });

  test('shows a server that hangs as silent until it goes on', async () => {
    const node = cluster.node(2);
    await node.pause();
    const look = await resolver.look(account);
    expect(states(look)['node-2']).toBe('silent');
    expect(look.servers).toHaveLength(3);
    expect(states(await resolver.look(account))['node-2']).toBe('silent');
    node.resume();
    await eventually(async () => states(await resolver.look(account))['node-2'] === 'not-loaded');
  });

  test('forgets a server that was killed, and finds it when it is back', async () => {
    await resolver.look(account);
    await cluster.node(2).stop('SIGKILL');
    await eventually(async () => states(await resolver.look(account))['node-2'] === undefined);
    await cluster.node(2).restart();
    const { servers } = await resolver.look(account);
    expect(servers.map(({ name }) => name).sort()).toEqual(['node-0', 'node-1', 'node-2']);
  });

  test('of an account that no server knows finds nothing stored', async () => {
    const { stored, servers } = await resolver.look(createOperatorWorld().account().key.publicKey);
    expect(stored).toEqual([]);
    expect(new Set(servers.map(({ state }) => state))).toEqual(new Set(['not-loaded']));
  });
});

test('a push is answered by every server, and stored there', async () => {
  const next = world.signAccount({ name, key, body, iat: Math.floor(Date.now() / 1000) + 1 });
  const replies = await resolver.push(next);
  expect(replies.map(({ server, code }) => `${server} ${code}`).sort()).toEqual([
    'node-0 200',
    'node-1 200',
    'node-2 200',
  ]);
  expect((await resolver.look(account)).stored).toEqual([next, next, next]);
  const file = join(cluster.node(1).jwtDirectory, `${account}.jwt`);
  expect(await readFile(file, 'utf8')).toBe(next);
});

test('every server rejects a push that is not an account JWT', async () => {
  const replies = await resolver.push(world.user().jwt);
  expect(replies).toHaveLength(3);
  for (const { code, message } of replies) {
    expect(code).toBe(500);
    expect(message).not.toBe('');
  }
});

describe('the resolver is unreachable', () => {
  test('for a user that is not of the system account', async () => {
    const options = { servers: [cluster.node(0).url], login: { creds: world.user().creds } };
    const other = openSystemConnection(options);
    await other.ready();
    const look = systemResolver({ system: other }).look(account);
    await expect(look).rejects.toThrow(ResolverUnreachable);
    await expect(look).rejects.toThrow('does not belong to the system account');
    await other.close();
    await expect(systemResolver({ system: other }).look(account)).rejects.toThrow('was closed');
  });
});
