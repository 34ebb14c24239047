import type { StateChange, StateEntry } from './shared-state.ts';

type Listener = (change: StateChange) => void;

/** Who watches the entries under a prefix. */
export interface Watcher {
  readonly prefix: string;
  readonly listener: Listener;
}

interface ReplicaWatcher extends Watcher {
  /** The revision that its first entries were at. */
  since: number;
}

/**
 * A store's texts as this process has followed them, and those who watch. Adapters feed it with
 * changes in the order of their revisions; it has each told once, to all, in that order, also when a
 * listener causes further changes while it is told of one.
 */
export interface StateReplica {
  /** Revision of the newest change; 0 before the first. */
  readonly seen: number;
  /** Revision of the newest change that was applied: `seen` may be past it. */
  readonly lastChange: number;
  entries(prefix: string): StateEntry[];
  /** Ignores what is not newer than `seen`. */
  apply(change: StateChange): void;
  /** Nothing up to this revision is missing, though the newest changes are no longer available. */
  reached(revision: number): void;
  /**
   * Starts over from the latest change of every key, in the order of revisions: for when changes
   * were missed. Tells the differences.
   */
  reload(latest: readonly StateChange[]): void;
  /** Tells what is there before it returns. */
  watch(prefix: string, listener: Listener): () => void;
  /** Stops all watchers. */
  close(): void;
}

export function createStateReplica(): StateReplica {
  const known = new Map<string, StateEntry>();
  const watchers = new Set<ReplicaWatcher>();
  const untold: StateChange[] = [];
  let telling = false;
  let seen = 0;
  let lastChange = 0;

  function put(change: StateChange): void {
    const { key, value, revision } = change;
    if (value === undefined) known.delete(key);
    else known.set(key, { key, value, revision });
    untold.push(change);
  }

  function tellAll(): void {
    if (telling) return;
    telling = true;
    for (let change = untold.shift(); change; change = untold.shift()) {
      for (const watcher of watchers) {
        if (change.revision > watcher.since && watchers.has(watcher)) tell(watcher, change);
      }
    }
    telling = false;
  }

  const entries = (prefix: string): StateEntry[] =>
    [...known.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => a.revision - b.revision);

  return {
    get seen() {
      return seen;
    },
    get lastChange() {
      return lastChange;
    },
    entries,
    apply(change) {
      if (change.revision <= seen) return;
      seen = lastChange = change.revision;
      put(change);
      tellAll();
    },
    reached(revision) {
      seen = Math.max(seen, revision);
    },
    reload(latest) {
      const values = new Map(latest.map(({ key, value }) => [key, value]));
      seen = lastChange = latest.at(-1)?.revision ?? 0;
      for (const watcher of watchers) watcher.since = -1;
      for (const key of known.keys()) {
        if (values.get(key) === undefined) put({ key, value: undefined, revision: seen });
      }
      for (const change of latest) {
        const before = known.get(change.key);
        const same = before?.value === change.value && before?.revision === change.revision;
        if (change.value !== undefined && !same) put(change);
      }
      tellAll();
    },
    watch(prefix, listener) {
      const watcher = { prefix, listener, since: seen };
      watchers.add(watcher);
      for (const entry of entries(prefix)) tell(watcher, entry);
      return () => void watchers.delete(watcher);
    },
    close: () => watchers.clear(),
  };
}

/** A listener that throws is a bug. The others must still be called, and the bug must not be hidden. */
export function tell({ prefix, listener }: Watcher, change: StateChange): void {
  if (!change.key.startsWith(prefix)) return;
  try {
    listener(change);
  } catch (fault) {
    setImmediate(() => {
      throw fault;
    });
  }
}
