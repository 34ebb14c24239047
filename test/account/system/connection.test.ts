import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ConnectionChange } from '../../../src/connection/lasting-connection.ts';
import {
  openSystemConnection,
  type SystemConnectionOptions,
} from '../../../src/account/system/connection.ts';
import { eventually } from '../../support/eventually.ts';
import { startNatsCluster } from '../../support/nats-cluster.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';

const world = createOperatorWorld({ resolver: 'full' });
const text = world.sysCreds;

function open(options: Partial<SystemConnectionOptions> & { readonly servers: readonly string[] }) {
  const changes: ConnectionChange[] = [];
  const report = (change: ConnectionChange) => void changes.push(change);
  const system = openSystemConnection({ login: { creds: text }, report, ...options });
  onTestFinished(() => system.close());
  return { system, changes };
}

test('NATS may be down at the start, and may stop and return', async () => {
  await using cluster = await startNatsCluster({ world, size: 1 });
  const node = cluster.node(0);
  await node.stop();
  const { system, changes } = open({ servers: cluster.servers });
  await eventually(() => changes.some(({ state }) => state === 'disconnected'));
  expect(system.current()).toContain('cannot reach NATS');

  await node.restart();
  await system.ready();
  expect(typeof system.current()).toBe('object');

  await node.stop('SIGKILL');
  await eventually(() => typeof system.current() === 'string');
  await node.restart();
  await eventually(() => typeof system.current() === 'object');
});

test('reports a user that NATS refuses, and tries again with the current file', async () => {
  await using cluster = await startNatsCluster({ world, size: 1 });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nats-sts-test-'));
  const file = join(folder.path, 'sys.creds');
  await writeFile(file, createOperatorWorld().sysCreds);
  const { system, changes } = open({ servers: cluster.servers, login: { credsFile: file } });
  // An attempt that a slow machine cut short says something else, and another one follows.
  await eventually(() =>
    changes.some(
      (change) =>
        change.state === 'disconnected' &&
        change.problem.includes('NATS refuses the system account user'),
    ),
  );
  expect(changes.map(({ state }) => state)).not.toContain('connected');

  await writeFile(file, text);
  await system.ready();
});

test('a server that hangs is left for another', async () => {
  await using cluster = await startNatsCluster({ world, size: 2 });
  const { system } = open({ servers: cluster.servers });
  await system.ready();
  const serverName = () => {
    const connection = system.current();
    return typeof connection === 'string' ? undefined : connection.info?.server_name;
  };
  const first = serverName();
  const node = cluster.nodes.find(({ name }) => name === first)!;
  await node.pause();
  expect(await eventually(() => serverName() !== first && serverName())).not.toBe(first);
  node.resume();
});

test('closing ends it, also while nothing is there to connect to', async () => {
  const { system } = open({ servers: ['nats://127.0.0.1:1'] });
  await system.close();
  expect(system.current()).not.toBeTypeOf('object');
});

test.each([
  ['a file that is not there', { credsFile: '/nonexistent/sys.creds' }, 'ENOENT'],
  ['a text that is none', { creds: 'x' }, 'cannot use the creds of the system account user'],
])('creds from %s are an error at once', (_, login, message) => {
  expect(() => openSystemConnection({ servers: ['nats://127.0.0.1:1'], login })).toThrow(message);
});
