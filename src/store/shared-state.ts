/** One named text in the store. */
export interface StateEntry {
  readonly key: string;
  readonly value: string;
  /** Greater with every write of this key; never 0. */
  readonly revision: number;
}

/** A change of a key. Without a value, the key was deleted. */
export interface StateChange {
  readonly key: string;
  readonly value: string | undefined;
  readonly revision: number;
}

/**
 * What all processes of one nats-sts share: small texts under names (`ring.APP`, `lease`,
 * `revocation.…`), written by compare-and-swap.
 *
 * Keys are of `A-Z a-z 0-9 - _ = .`. Any number of processes may use one store at once. A store that
 * cannot be reached or written (a full disk) throws `StoreUnavailable`. It is then unknown whether
 * the write happened: read again before you continue.
 *
 * Adapters: `sqlite/`, `jetstream/`, and `ipc/` for workers. Another store is a folder beside them that implements this port,
 * `CredentialLedger` (`revocation/ledger.ts`), and `SingleUse` (`identity/single-use.ts`). Contract suites:
 * `test/store/shared-state.contract.ts`, `test/revocation/ledger.contract.ts`, `test/identity/single-use.contract.test.ts`.
 */
export interface SharedState {
  /**
   * The entries whose key begins with `prefix`, in no particular order: never older than the call. Once it resolves,
   * every watcher of this handle has been told of all that was written before the call.
   */
  list(prefix: string): Promise<StateEntry[]>;
  /**
   * Writes when the key still has this revision (0: when it is not there), else does nothing.
   * `value` undefined deletes. Answers the new revision (of a deletion: any number above 0), or
   * undefined when someone was faster.
   */
  write(key: string, value: string | undefined, revision: number): Promise<number | undefined>;
  /**
   * Calls `listener` with each entry under `prefix`, then with every change in the order of writing.
   * Changes in quick succession may come as one. Resolves after the entries; call the returned function
   * to stop. Survives outages of the store: missed changes come afterwards.
   */
  watch(prefix: string, listener: (change: StateChange) => void): Promise<() => void>;
  /**
   * Milliseconds since the Unix epoch: everything written before then has reached
   * every watcher. Grows about once a second or faster while the store can be reached.
   */
  freshAt(): number;
  close(): Promise<void>;
}

/** The store cannot be reached or written. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** What SQLite and NATS subjects both take. */
const KEY = /^[\w=-]+(?:\.[\w=-]+)*$/;

/** Throws if the text is not a valid key of the shared state: a bug of the caller, not a fault of the store. */
export function assertStateKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError(`not a key of the store: ${JSON.stringify(key)}`);
}
