/** One named text, as it stands in the store. */
export interface StateEntry {
  readonly key: string;
  readonly value: string;
  /** Greater with every write of this key; never 0. */
  readonly revision: number;
}

/** What became of a key; without a value it is gone. */
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
 * can't be reached or written (a full disk) is a fault, thrown as `StoreUnavailable`; then nothing
 * was written, or it is not known whether it was: read again before you go on.
 *
 * Adapters: `sqlite/`, `jetstream/`. Another store is a folder beside them that implements this port;
 * `CredentialLedger` (`revocation/ledger.ts`) and `SingleUse` (`identity/single-use.ts`). Contract suites:
 * `test/store/shared-state.contract.ts`, `test/revocation/ledger.contract.ts`, `test/identity/single-use.contract.test.ts`.
 */
export interface SharedState {
  /** The entries whose key begins with `prefix`, in no particular order: never older than the call. */
  list(prefix: string): Promise<StateEntry[]>;
  /**
   * Writes when the key still has this revision (0: when it is not there), else does nothing.
   * `value` undefined deletes. Answers the new revision (of a deletion: any number above 0), or
   * undefined when someone was faster.
   */
  write(key: string, value: string | undefined, revision: number): Promise<number | undefined>;
  /**
   * Tells the entries under `prefix` that are there, then every change, in the order of writing;
   * changes that follow fast may be told as one. Resolves once those that are there were told; call
   * the answer to stop. Survives outages of the store: what was missed is told afterwards.
   */
  watch(prefix: string, listener: (change: StateChange) => void): Promise<() => void>;
  /**
   * Milliseconds since the Unix epoch: everything that was written before then has been told to
   * every watcher. Grows about once a second or faster while the store can be reached.
   */
  freshAt(): number;
  close(): Promise<void>;
}

/** The store can't be reached, or can't be written. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** What SQLite and NATS subjects both take. */
const KEY = /^[\w=-]+(?:\.[\w=-]+)*$/;

/** Throws where a text can't be a key of the shared state: a bug of the caller, not a fault of the store. */
export function assertStateKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError(`not a key of the shared state: ${JSON.stringify(key)}`);
}
