import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { connectStore } from '../../../src/store/jetstream/connection.ts';
import { openJetStreamState } from '../../../src/store/jetstream/state.ts';
import { type SharedState, StoreUnavailable } from '../../../src/store/shared-state.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { eventually } from '../../support/eventually.ts';
import { startNatsCluster } from '../../support/nats-cluster.ts';
import { startNatsServer } from '../../support/nats-server.ts';
import { pauseProcess } from '../../support/pause-process.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { createJetStreamWorld, type JetStreamWorld } from './world.ts';
import { follow, sharedStateContract, type StateWorld } from '../shared-state.contract.ts';

async function openState(world: JetStreamWorld, bucket = 'nats-sts'): Promise<SharedState> {
  const connection = await world.connect();
  const state = await openJetStreamState({ connection, bucket, clock: systemClock });
  world.defer(() => state.close());
  return state;
}

async function createWorld(): Promise<StateWorld> {
  const world = await createJetStreamWorld();
  return {
    open: () => openState(world),
    breakStore: () => world.kill(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

sharedStateContract('JetStream', createWorld);

test('a watch goes on after the server was killed and came back, and has missed nothing', async () => {
  await using world = await createJetStreamWorld();
  const [one, two] = [await openState(world), await openState(world)];
  const { told } = await follow(two, '');
  await one.write('ring.APP', 'before', 0);
  await eventually(() => told.length === 1);
  await world.kill();
  await world.restart();
  const back = Date.now();
  const late = await openState(world);
  const [entry] = await late.list('ring.APP');
  await late.write('ring.APP', 'after', entry!.revision);
  await late.write('lease', 'x', 0);
  await eventually(() => told.length === 3);
  expect(told.map(({ value }) => value)).toEqual(['before', 'after', 'x']);
  await eventually(() => one.freshAt() > back);
  expect(await one.write('lease', 'y', told[2]!.revision)).toBeGreaterThan(told[2]!.revision);
});

test('a watch whose consumer is gone still gets changes', async () => {
  await using world = await createJetStreamWorld();
  const state = await openState(world);
  const { told } = await follow(state, '');
  await state.write('lease', '1', 0);
  await eventually(() => told.length === 1);
  const manager = await jetstreamManager((await world.connect()).nats);
  for await (const { name } of manager.consumers.list('KV_nats-sts')) {
    await manager.consumers.delete('KV_nats-sts', name);
  }
  await state.write('lease', '2', told[0]!.revision);
  await eventually(() => told.length === 2);
  // The consumer that takes its place brings what comes then.
  await eventually(
    async () => (await manager.streams.info('KV_nats-sts')).state.consumer_count > 0,
  );
  await state.write('lease', '3', told[1]!.revision);
  await eventually(() => told.length === 3);
  expect(told.map(({ value }) => value)).toEqual(['1', '2', '3']);
});

test('a bucket that was deleted and recreated is read again, and its watchers are notified', async () => {
  await using world = await createJetStreamWorld();
  const old = await openState(world);
  await old.write('lost', 'x', 0);
  await old.write('ring.APP', 'old', 0);
  const { told } = await follow(old, '');
  const manager = await jetstreamManager((await world.connect()).nats);
  await manager.streams.delete('KV_nats-sts');
  const anew = await openState(world);
  const revision = await anew.write('ring.APP', 'new', 0);
  expect(revision).toBe(1);
  await eventually(() => told.some(({ value }) => value === 'new'));
  expect(told.slice(2).map(({ key, value }) => [key, value])).toEqual([
    ['lost', undefined],
    ['ring.APP', 'new'],
  ]);
  expect(await old.list('')).toEqual([{ key: 'ring.APP', value: 'new', revision }]);
  await anew.write('lease', 'goes on', 0);
  await eventually(() => told.some(({ key }) => key === 'lease'));
});

test('a request fails with the connection if the server dies, and requests fail at once until it is back', async () => {
  await using world = await createJetStreamWorld();
  const state = await openState(world);
  await pauseProcess(world.server.pid);
  const pending = state.write('lease', 'x', 0);
  await Promise.all([expect(pending).rejects.toThrow(/connection was lost/), world.kill()]);
  await expect(state.write('lease', 'x', 0)).rejects.toThrow(/no connection/);
});

test('a paused server shows: freshAt stops growing, and grows again afterwards', async () => {
  await using world = await createJetStreamWorld();
  const state = await openState(world);
  await pauseProcess(world.server.pid);
  const paused = Date.now();
  await expect(state.list('')).rejects.toThrow(/cannot read the store/);
  expect(state.freshAt()).toBeLessThanOrEqual(paused);
  process.kill(world.server.pid, 'SIGCONT');
  await eventually(() => state.freshAt() > paused);
});

test('the memory of a deleted key ends, but not soon', async () => {
  await using world = await createJetStreamWorld();
  const state = await openState(world);
  const revision = await state.write('lease', 'x', 0);
  await state.write('lease', undefined, revision!);
  const manager = await jetstreamManager((await world.connect()).nats);
  const marker = await manager.streams.getMessage('KV_nats-sts', {
    last_by_subj: '$KV.nats-sts.lease',
  });
  expect(marker?.header.get('Nats-TTL')).toBe('168h');
});

test('a bucket whose newest message is gone can be read and followed', async () => {
  await using world = await createJetStreamWorld();
  const state = await openState(world);
  await state.write('ring.APP', 'stays', 0);
  const revision = await state.write('lease', 'x', 0);
  const manager = await jetstreamManager((await world.connect()).nats);
  await state.write('lease', undefined, revision!);
  await manager.streams.purge('KV_nats-sts', { filter: '$KV.nats-sts.lease' });
  const late = await openState(world);
  expect(await late.list('')).toMatchObject([{ key: 'ring.APP', value: 'stays' }]);
  const { told } = await follow(late, 'lease');
  await state.write('lease', 'y', 0);
  await eventually(() => told.length === 1);
});

test('a server without JetStream, and a bucket of another kind, are refused with why', async () => {
  await using bare = await startNatsServer();
  const connection = await connectStore({ servers: [bare.url] });
  await expect(
    openJetStreamState({ connection, bucket: 'nats-sts', clock: systemClock }),
  ).rejects.toThrow(/cannot open the bucket nats-sts: jetstream is not enabled/i);
  await connection.close();

  await using world = await createJetStreamWorld();
  const manager = await jetstreamManager((await world.connect()).nats);
  await manager.streams.add({ name: 'KV_plain', subjects: ['$KV.plain.>'] });
  await expect(openState(world, 'plain')).rejects.toThrow(/nats-server 2.11 or later/);
});

/** A bucket with three copies, and a state on each server of the cluster. */
async function onEachServer(stack: AsyncDisposableStack): Promise<SharedState[]> {
  const directory = stack.use(temporaryDirectory());
  const world = createOperatorWorld({ accounts: { STORE: { jetstream: true } }, resolver: 'full' });
  const credsFile = join(directory.path, 'store.creds');
  writeFileSync(credsFile, world.user().creds);
  const cluster = stack.use(await startNatsCluster({ world }));
  const states: SharedState[] = [];
  for (const { url } of cluster.nodes) {
    const connection = await connectStore({ servers: [url], credsFile });
    stack.defer(() => connection.close());
    const place = { connection, bucket: 'nats-sts', replicas: 3, clock: systemClock };
    states.push(await eventually(() => openJetStreamState(place).catch(() => undefined)));
  }
  return states;
}

/** What the store holds, once it can say: a leader that is behind on a slow machine is asked again. */
function listed(state: SharedState, key: string) {
  return eventually(async () => {
    try {
      return await state.list(key);
    } catch (error) {
      if (error instanceof StoreUnavailable) return undefined;
      throw error;
    }
  });
}

test('a key that is rewritten continuously is always readable, on every server of a cluster', async () => {
  await using stack = new AsyncDisposableStack();
  const states = await onEachServer(stack);
  const told = (await Promise.all(states.map((state) => follow(state, '')))).map(
    ({ told }) => told,
  );
  let missing = 0;
  await Promise.all(
    states.map(async (state, index) => {
      const key = `ring.${index}`;
      let revision = await state.write(key, '', 0);
      for (let count = 1; count <= 100; count += 1) {
        const [written, found] = await Promise.all([
          state.write(key, `${count}`, revision!),
          listed(state, key),
        ]);
        revision = written;
        if (found.length === 0) missing += 1;
      }
      await state.write('last', `${index}`, 0);
    }),
  );
  await eventually(() => told.every((changes) => changes.some(({ key }) => key === 'last')));
  await Promise.all(states.map((state) => state.close()));
  expect(missing).toBe(0);
  expect(told.flat().filter(({ value }) => value === undefined)).toEqual([]);
});
