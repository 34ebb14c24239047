import {
  assertStateKey,
  type SharedState,
  type StateChange,
  StoreUnavailable,
} from '../shared-state.ts';
import { tell, type Watcher } from '../state-replica.ts';
import { type Channel, RemoteFault } from './channel.ts';
import type { StateAnswers, StateFollower } from './state-calls.ts';

/**
 * The shared state in a worker. The primary process holds the store and tells each worker every change, and a write that a
 * worker makes resolves once all workers have been told.
 *
 * @throws StoreUnavailable if the primary process cannot read the store now.
 */
export async function openIpcState(channel: Channel<StateAnswers>): Promise<SharedState> {
  const known = new Map<string, StateChange>();
  const watchers = new Set<Watcher>();
  let told = 0;
  let acknowledged = 0;
  let closed = false;

  function take({ key, value, revision }: StateChange): void {
    if (value === undefined) known.delete(key);
    else known.set(key, { key, value, revision });
    told += 1;
    // After the message, which may hold thousands.
    if (told - acknowledged === 1) queueMicrotask(acknowledge);
    for (const watcher of watchers) tell(watcher, { key, value, revision });
  }

  function acknowledge(): void {
    acknowledged = told;
    channel.tell('state.seen', told);
  }

  function demandOpen(): void {
    if (closed) throw new StoreUnavailable('the shared state is closed');
  }

  channel.serve({ 'state.changed': take, 'state.beat': () => {} } satisfies StateFollower);
  const follow = () => orUnavailable(() => channel.call('state.follow'));
  await follow();

  return {
    async list(prefix) {
      demandOpen();
      return orUnavailable(() => channel.call('state.list', prefix));
    },
    async write(key, value, revision) {
      assertStateKey(key);
      demandOpen();
      return orUnavailable(() => channel.call('state.write', key, value, revision));
    },
    async watch(prefix, listener) {
      demandOpen();
      await follow();
      demandOpen();
      const watcher = { prefix, listener };
      watchers.add(watcher);
      const entries = [...known.values()].sort((one, other) => one.revision - other.revision);
      for (const entry of entries) tell(watcher, entry);
      return () => void watchers.delete(watcher);
    },
    freshAt: () => channel.vitals()?.freshAt ?? 0,
    async close() {
      closed = true;
      watchers.clear();
    },
  };
}

async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RemoteFault && cause.kind !== 'StoreUnavailable') throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailable(why, { cause });
  }
}
