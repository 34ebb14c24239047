import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectStore } from '../../../src/store/jetstream/connection.ts';
import { StoreUnavailable } from '../../../src/store/shared-state.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { eventually } from '../../support/eventually.ts';
import { pauseProcess } from '../../support/pause-process.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { createJetStreamWorld } from './world.ts';

test('a missing store is reported with its address, without credentials', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await eventually(() => free.listening);
  const { port } = free.address() as { port: number };
  free.close();
  const fault: unknown = await connectStore({
    servers: [`nats://user:secret@127.0.0.1:${port}`],
  }).catch((fault: unknown) => fault);
  expect(fault).toBeInstanceOf(StoreUnavailable);
  expect(String(fault)).toContain(`cannot connect to the store at nats://127.0.0.1:${port}: `);
  expect(String(fault)).not.toContain('secret');
});

test('credentials come from a file, which is read anew at each reconnect', async () => {
  using directory = temporaryDirectory();
  const credsFile = join(directory.path, 'store.creds');
  const world = createOperatorWorld({ accounts: { STS: { jetstream: true } } });
  await using server = await world.start({ args: ['-js'] });
  const { port } = server;
  await expect(connectStore({ servers: [server.url], credsFile })).rejects.toThrow(credsFile);
  writeFileSync(credsFile, createOperatorWorld().user().creds);
  await expect(connectStore({ servers: [server.url], credsFile })).rejects.toThrow(
    /authorization/i,
  );

  let [life, soon] = [1, 0];
  // On a slow machine they may end before the connection is there: then they live longer.
  const connection = await eventually(() => {
    life *= 2;
    soon = Math.floor(Date.now() / 1000) + life;
    writeFileSync(credsFile, world.user({ exp: soon }).creds);
    return connectStore({ servers: [`127.0.0.1:${port}`], credsFile }).catch(() => undefined);
  });
  expect(connection.connected()).toBe(true);
  // Until the very end, a reconnect with the old ones may still work.
  await eventually(() => Date.now() > (soon + 1) * 1000 && !connection.connected());
  let reconnected = false;
  connection.onReconnect(() => (reconnected = true));
  writeFileSync(credsFile, world.user().creds);
  await eventually(() => reconnected && connection.connected());
  await connection.close();
  expect(connection.connected()).toBe(false);
});

test('notices a server that falls silent, and reconnects', async () => {
  await using world = await createJetStreamWorld();
  const connection = await world.connect();
  await pauseProcess(world.server.pid);
  await eventually(() => !connection.connected());
  process.kill(world.server.pid, 'SIGCONT');
  expect(await eventually(() => connection.connected())).toBe(true);
});
