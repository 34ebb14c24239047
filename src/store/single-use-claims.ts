import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** What may be used once, taken by one attempt that has not answered yet. */
export interface HeldClaim {
  /**
   * The last thing before the answer: from now on it is used. False: another attempt has taken it
   * over, so this one must not answer. Throws when the store can't say; then this one must not answer
   * either, and may be repeated.
   */
  settle(): Promise<boolean>;
  /** It will not be answered, and may be repeated at once. */
  release(): void;
}

/** What is kept of the attempt that holds a name, or that has answered. */
export interface ClaimCell {
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Random; tells an attempt that does not know whether its write succeeded which cell is its own. */
  readonly attempt: string;
  readonly answered: boolean;
}

/** Where claims are kept, by compare-and-swap. A write that throws may have been done, or be done later. */
export interface ClaimCells<Name, Revision> {
  /** Of a name that has no cell. */
  readonly none: Revision;
  /** Without the cell where it has expired. */
  read(name: Name): Promise<{ readonly cell?: ClaimCell; readonly revision: Revision }>;
  /** The new revision; undefined when the name had another than this one. Without a cell: deletes it. */
  write(name: Name, cell: ClaimCell | undefined, revision: Revision): Promise<Revision | undefined>;
}

/** How long to wait for an unanswered attempt of another caller before it counts as abandoned. */
const GRACE_MILLISECONDS = 2_000;
const POLL_MILLISECONDS = 50;

/** Pause between tries to withdraw an answer that nobody received, and their greatest number. */
const WITHDRAW_MILLISECONDS = 1_000;
const WITHDRAW_TRIES = 600;

const MAX_UNANSWERED = 10_000;

/**
 * Claims in two steps, so that what was not answered is not used: an attempt holds the name, then
 * settles it right before its answer. Of any number of attempts at one name, on any replica, at most
 * one ever settles. An attempt that was given up (its process died, or the store never answered it)
 * may be taken over at any time: it can't settle any more, whenever its own writes land.
 *
 * An attempt whose settling the store never confirmed did not answer, but may look as if it had: this
 * process knows, and takes that back in the store as soon as it can.
 */
export function singleUseClaims<Name, Revision>(
  cells: ClaimCells<Name, Revision>,
  { graceMilliseconds = GRACE_MILLISECONDS }: { readonly graceMilliseconds?: number } = {},
) {
  /** Attempts of this process that will never answer. Bounded, the oldest is forgotten. */
  const unanswered = new Set<string>();

  function giveUp(attempt: string): void {
    unanswered.add(attempt);
    const [oldest] = unanswered;
    if (unanswered.size > MAX_UNANSWERED && oldest !== undefined) unanswered.delete(oldest);
  }

  /** The revision over which a new attempt may be written; undefined when it is used. */
  async function free(name: Name): Promise<Revision | undefined> {
    let waited: { readonly attempt: string; readonly since: number } | undefined;
    for (;;) {
      const { cell, revision } = await cells.read(name);
      if (cell === undefined || unanswered.has(cell.attempt)) return revision;
      if (cell.answered) return undefined;
      const now = performance.now();
      if (waited?.attempt !== cell.attempt) waited = { attempt: cell.attempt, since: now };
      if (now - waited.since >= graceMilliseconds) return revision;
      await delay(POLL_MILLISECONDS);
    }
  }

  /** Takes back what this attempt wrote, or may have written. */
  async function withdraw(name: Name, attempt: string): Promise<void> {
    for (let tries = 0; tries < WITHDRAW_TRIES; tries += 1) {
      try {
        const { cell, revision } = await cells.read(name);
        if (cell?.attempt !== attempt) return;
        if ((await cells.write(name, undefined, revision)) !== undefined) return;
      } catch {
        await delay(WITHDRAW_MILLISECONDS, undefined, { ref: false });
      }
    }
  }

  function held(name: Name, mine: ClaimCell, revision: Revision): HeldClaim {
    const release = (): void => {
      giveUp(mine.attempt);
      void withdraw(name, mine.attempt);
    };
    return {
      release,
      async settle() {
        try {
          const settled = await cells.write(name, { ...mine, answered: true }, revision);
          return settled !== undefined;
        } catch (fault) {
          release();
          throw fault;
        }
      },
    };
  }

  /** Undefined: it was used, by an attempt that has answered. `expiresAt` in Unix seconds. */
  return async function hold(name: Name, expiresAt: number): Promise<HeldClaim | undefined> {
    const mine = { expiresAt, attempt: randomUUID(), answered: false };
    let over: Revision | undefined = cells.none;
    try {
      while (over !== undefined) {
        const revision = await cells.write(name, mine, over);
        if (revision !== undefined) return held(name, mine, revision);
        over = await free(name);
      }
      return undefined;
    } catch (fault) {
      giveUp(mine.attempt);
      throw fault;
    }
  };
}
