import type { SharedState, StateChange, StateEntry } from '../../src/store/shared-state.ts';

/** A store that one test has for itself. */
export function memoryState(): SharedState {
  const entries = new Map<string, StateEntry>();
  const watchers = new Set<(change: StateChange) => void>();
  let writes = 0;
  return {
    list: async (prefix) => [...entries.values()].filter(({ key }) => key.startsWith(prefix)),
    async write(key, value, revision) {
      if ((entries.get(key)?.revision ?? 0) !== revision) return undefined;
      writes += 1;
      if (value === undefined) entries.delete(key);
      else entries.set(key, { key, value, revision: writes });
      for (const tell of watchers) tell({ key, value, revision: writes });
      return writes;
    },
    async watch(prefix, listener) {
      const tell = (change: StateChange) => {
        if (change.key.startsWith(prefix)) listener(change);
      };
      for (const entry of entries.values()) tell(entry);
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    freshAt: () => Date.now(),
    async close() {},
  };
}
