import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { shareState } from '../../../src/store/ipc/serve-state.ts';
import type { StateAnswers, StateFollower } from '../../../src/store/ipc/state-calls.ts';
import { openIpcState } from '../../../src/store/ipc/state.ts';
import { type SharedState, StoreUnavailable } from '../../../src/store/shared-state.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../../src/store/sqlite/state.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { eventually } from '../../support/eventually.ts';
import { follow, sharedStateContract, type StateWorld } from '../shared-state.contract.ts';
import { type Link, link } from './link.ts';

type StateLink = Link<StateAnswers, StateFollower>;

/** A primary process with a store in SQLite. Each handle is that of another worker. */
function createPrimary() {
  const directory = temporaryDirectory();
  const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
  const state = openSqliteState({ store, clock: systemClock });
  const sharing = shareState(state);
  const links = new Set<StateLink>();
  return {
    store,
    state,
    async open(): Promise<{ state: SharedState; ends: StateLink }> {
      const ends: StateLink = link(() => ({ freshAt: state.freshAt(), healthy: true }));
      links.add(ends);
      sharing.attach(ends.primary);
      return { state: await openIpcState(ends.worker), ends };
    },
    async [Symbol.asyncDispose]() {
      for (const ends of links) ends[Symbol.dispose]();
      await state.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

async function createWorld(): Promise<StateWorld> {
  const primary = createPrimary();
  return {
    open: async () => (await primary.open()).state,
    async breakStore() {
      primary.store.database.exec('ALTER TABLE state RENAME TO elsewhere');
    },
    [Symbol.asyncDispose]: () => primary[Symbol.asyncDispose](),
  };
}

sharedStateContract('a worker', createWorld);

test('what a worker has written, all workers have been told by the time it has its answer', async () => {
  await using primary = createPrimary();
  const workers = await Promise.all([primary.open(), primary.open(), primary.open()]);
  const followed = await Promise.all(workers.map(({ state }) => follow(state, 'revocation.')));
  for (const [n, { state }] of workers.entries()) {
    const revision = await state.write(`revocation.${n}`, 'x', 0);
    for (const { told } of followed) {
      expect(told.at(-1)).toEqual({ key: `revocation.${n}`, value: 'x', revision });
    }
    await state.write(`revocation.${n}`, undefined, revision!);
    for (const { told } of followed) expect(told.at(-1)).toMatchObject({ value: undefined });
  }
});

test('a worker that ends does not hold up the writes of others', async () => {
  await using primary = createPrimary();
  const [one, two] = [await primary.open(), await primary.open()];
  // It hears, but never says so: what it says is lost with it.
  two.ends.worker.tell = () => {};
  const written = one.state.write('lease', 'x', 0);
  const { told } = await follow(primary.state, 'lease');
  await eventually(() => told.length === 1);
  two.ends[Symbol.dispose]();
  expect(await written).toBeGreaterThan(0);
});

test('what other processes write reaches workers, too', async () => {
  await using primary = createPrimary();
  const worker = await primary.open();
  const { told } = await follow(worker.state, '');
  await primary.state.write('ring.APP', 'x', 0);
  await eventually(() => told.length === 1);
  expect(await worker.state.list('ring.')).toMatchObject([{ value: 'x' }]);
});

test('a worker whose primary process ended has no store, and its freshAt stops', async () => {
  await using primary = createPrimary();
  const worker = await primary.open();
  const closed = new Promise<void>((resolve) => worker.ends.worker.onClose(resolve));
  worker.ends[Symbol.dispose]();
  await closed;
  await expect(worker.state.list('')).rejects.toThrow(StoreUnavailable);
  await expect(worker.state.write('lease', 'x', 0)).rejects.toThrow(StoreUnavailable);
  await expect(worker.state.watch('', () => {})).rejects.toThrow(StoreUnavailable);
});
