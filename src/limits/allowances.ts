import { type LimitName, type Rate, REMEMBERED } from './rate-limits.ts';

/** What a worker asks for: `wanted` requests of `key` are waiting. */
export interface AllowanceAsk extends Rate {
  readonly limit: LimitName;
  readonly key: string;
  readonly wanted: number;
}

/** How many requests the worker may let in without asking again. */
export interface Allowance {
  /** 0: none are left in this window. */
  readonly granted: number;
  /** The window that they belong to. */
  readonly window: number;
  /** Until its window ends. */
  readonly milliseconds: number;
}

/** Fetches back what a worker was granted in a window and has not used; 0 if the worker has ended. */
export type GiveBack = (limit: LimitName, key: string, window: number) => Promise<number>;

/** Counts requests for all workers. */
export interface Allowances {
  /** Grants at least one request if any is left, and more while many are. */
  ask(worker: GiveBack, ask: AllowanceAsk): Promise<Allowance>;
}

interface Count {
  readonly window: number;
  readonly startedAt: number;
  granted: number;
  /** Workers that were granted more than one, and may have some left. */
  readonly holders: Set<GiveBack>;
  fetching?: Promise<void> | undefined;
}

/** A worker is granted this part of what would be its share of what is left, so that the rest is there for others. */
const PART = 8;
const MOST = 256;

/**
 * One count for all workers: never more than `max` in a window in total, and no refusal before all of them are used,
 * because unused ones are fetched back first. A window begins with the first request.
 *
 * What a worker was granted when it ended counts as used. `now`: monotonic milliseconds.
 */
export function countAllowances({
  workers,
  now = () => performance.now(),
}: {
  readonly workers: number;
  readonly now?: () => number;
}): Allowances {
  const counts = { address: new Map<string, Count>(), identity: new Map<string, Count>() };
  let windows = 0;

  function countOf({ limit, key, everyMilliseconds }: AllowanceAsk): Count {
    const known = counts[limit].get(key);
    counts[limit].delete(key);
    const isAlive = known && known.startedAt + everyMilliseconds > now();
    if (!isAlive) windows += 1;
    const count = isAlive
      ? known
      : { window: windows, startedAt: now(), granted: 0, holders: new Set<GiveBack>() };
    counts[limit].set(key, count);
    if (counts[limit].size > REMEMBERED) {
      const [oldest] = counts[limit].keys();
      if (oldest !== undefined) counts[limit].delete(oldest);
    }
    return count;
  }

  async function fetchBack(count: Count, { limit, key }: AllowanceAsk): Promise<void> {
    const holders = [...count.holders];
    count.holders.clear();
    const unused = await Promise.all(holders.map((holder) => holder(limit, key, count.window)));
    count.granted -= unused.reduce((sum, one) => sum + one, 0);
  }

  return {
    async ask(worker, ask) {
      let count = countOf(ask);
      while (count.granted >= ask.max && (count.fetching || count.holders.size > 0)) {
        count.fetching ??= fetchBack(count, ask).finally(() => (count.fetching = undefined));
        await count.fetching;
        count = countOf(ask);
      }
      const left = Math.max(0, ask.max - count.granted);
      const block = Math.min(MOST, Math.floor(left / (workers * PART)));
      const granted = Math.min(left, Math.max(1, ask.wanted, block));
      count.granted += granted;
      if (granted > 1) count.holders.add(worker);
      const milliseconds = count.startedAt + ask.everyMilliseconds - now();
      return { granted, window: count.window, milliseconds };
    },
  };
}
