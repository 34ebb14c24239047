import type { SharedState } from '../store/shared-state.ts';

/** Who rotates. One text in the store (`lease.NAME`). */
interface LeaseRecord {
  readonly holder: string;
  /** Grows by one with every new holder. */
  readonly term: number;
  readonly released?: true;
  /** Released: milliseconds until no push by this holder or an earlier one can still arrive. */
  readonly busyMilliseconds?: number;
}

/**
 * Leave to rotate, for one process at a time.
 *
 * Nobody's wall clock is believed: a lease is up for grabs when the same renewal has been looked at
 * for a whole term. A holder that was paused for longer is a holder no more, and finds out before
 * it pushes (`held`).
 */
export interface Lease {
  /** Takes or renews it: its term, or undefined while another process holds it. */
  take(): Promise<number | undefined>;
  /** Whether it is surely still ours: asked right before anything that can't be taken back. */
  held(): Promise<boolean>;
  /**
   * Until when what holders before this one pushed may still arrive, by the clock of `monotonic`:
   * two terms from when this one began, unless the holder before said when it let go.
   */
  othersArriveUntil(): number;
  /** Lets the next one take it at once. `busyMilliseconds`: how long earlier pushes may still arrive. */
  release(busyMilliseconds: number): Promise<void>;
}

export function createLease({
  state,
  name,
  holder,
  termMilliseconds,
  monotonic = () => performance.now(),
}: {
  readonly state: SharedState;
  /** Name of the lease: processes that rotate different accounts do not compete. */
  readonly name: string;
  /** A name of this process that no other has. */
  readonly holder: string;
  readonly termMilliseconds: number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic?: () => number;
}): Lease {
  const key = leaseKey(name);
  let mine: { revision: number; term: number; renewedAt: number } | undefined;
  let others: { term: number; until: number } | undefined;
  let watched: { revision: number; since: number } | undefined;

  async function put(record: LeaseRecord, revision: number): Promise<number | undefined> {
    const renewedAt = monotonic();
    const written = await state.write(key, JSON.stringify(record), revision);
    mine = written === undefined ? undefined : { revision: written, term: record.term, renewedAt };
    return mine?.term;
  }

  function busyAfter(before?: LeaseRecord): number {
    return before?.busyMilliseconds ?? 2 * termMilliseconds;
  }

  async function begin(record: LeaseRecord, revision: number, busyMilliseconds: number) {
    const term = await put(record, revision);
    if (term !== undefined) others = { term, until: monotonic() + busyMilliseconds };
    return term;
  }

  return {
    async take() {
      const entry = await readLease(state, key);
      // Nobody has led before.
      if (!entry) return begin({ holder, term: 1 }, 0, 0);
      const { record, revision } = entry;
      // Also one that it released itself: nobody has held it since.
      if (record.holder === holder) {
        const { term } = record;
        const again = { holder, term };
        // One that was taken without learning of it begins now.
        return others?.term === term ? put(again, revision) : begin(again, revision, busyAfter());
      }
      mine = undefined;
      if (watched?.revision !== revision) watched = { revision, since: monotonic() };
      const free = record.released === true || monotonic() - watched.since >= termMilliseconds;
      if (!free) return undefined;
      return begin({ holder, term: record.term + 1 }, revision, busyAfter(record));
    },
    othersArriveUntil: () => others?.until ?? Number.POSITIVE_INFINITY,
    async held() {
      if (!mine || monotonic() - mine.renewedAt >= termMilliseconds) return false;
      const { term } = mine;
      const record = (await readLease(state, key))?.record;
      // This process may have released it while the store was read.
      if (mine?.term !== term) return false;
      return record?.holder === holder && record.term === term && !record.released;
    },
    async release(busyMilliseconds) {
      if (!mine) return;
      const { revision, term } = mine;
      mine = undefined;
      const record: LeaseRecord = { holder, term, released: true, busyMilliseconds };
      await state.write(key, JSON.stringify(record), revision);
    },
  };
}

/** Who leads, as the store has it. */
export async function leaderOf(state: SharedState, name: string): Promise<string | undefined> {
  const entry = await readLease(state, leaseKey(name));
  return entry && !entry.record.released ? entry.record.holder : undefined;
}

function leaseKey(name: string): string {
  return `lease.${name}`;
}

async function readLease(
  state: SharedState,
  key: string,
): Promise<{ record: LeaseRecord; revision: number } | undefined> {
  const entry = (await state.list(key)).find((entry) => entry.key === key);
  return entry && { record: JSON.parse(entry.value) as LeaseRecord, revision: entry.revision };
}
