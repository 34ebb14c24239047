import type { StateChange, StateEntry } from '../shared-state.ts';

/** What the primary process answers a worker about the shared state. */
export type StateAnswers = {
  readonly 'state.list': (prefix: string) => Promise<StateEntry[]>;
  /** Resolves once every worker that follows the state has taken up what was written. */
  readonly 'state.write': (
    key: string,
    value: string | undefined,
    revision: number,
  ) => Promise<number | undefined>;
  /** From now on the worker is told each entry and change. Resolves once it has been told all that was written before. */
  readonly 'state.follow': () => Promise<void>;
  /** The worker has taken up so many entries and changes. */
  readonly 'state.seen': (count: number) => void;
};

/** What the primary process tells a worker. */
export type StateFollower = {
  /** An entry that was there, or a change, in the order of writing. */
  readonly 'state.changed': (change: StateChange) => void;
  /** Nothing, but for what goes along with every message. */
  readonly 'state.beat': () => void;
};
