import type { Allowance, AllowanceAsk } from './allowances.ts';
import {
  type LimitName,
  type Rate,
  type RateCount,
  REMEMBERED,
  type Verdict,
} from './rate-limits.ts';

/** The rate limits in a worker. */
export interface LeasedCounts {
  readonly take: RateCount;
  /** Gives back what is left of this window. */
  giveBack(limit: LimitName, key: string, window: number): number;
}

interface Lease extends Rate {
  readonly window: number;
  left: number;
  /** No worker has any left, until the window ends. */
  readonly isExhausted: boolean;
  /** Monotonic milliseconds. Never after the window ends where it is counted. */
  readonly until: number;
}

/** Requests of one key that wait for an answer. */
interface Waiting {
  readonly rate: Rate;
  readonly requests: ((verdict: Verdict) => void)[];
  readonly failed: ((fault: Error) => void)[];
}

/**
 * Lets requests in by what `ask` grants, and asks again when that is used up. One question for a key at a time.
 * `now`: monotonic milliseconds.
 */
export function leaseCounts(
  ask: (ask: AllowanceAsk) => Promise<Allowance>,
  now: () => number = () => performance.now(),
): LeasedCounts {
  const leases = { address: new Map<string, Lease>(), identity: new Map<string, Lease>() };
  const asking = { address: new Map<string, Waiting>(), identity: new Map<string, Waiting>() };

  function keep(limit: LimitName, key: string, lease: Lease): void {
    leases[limit].delete(key);
    leases[limit].set(key, lease);
    if (leases[limit].size <= REMEMBERED) return;
    const [oldest] = leases[limit].keys();
    if (oldest !== undefined) leases[limit].delete(oldest);
  }

  /** Undefined: the lease does not say. */
  function byLease(limit: LimitName, key: string, rate: Rate): Verdict | undefined {
    const lease = leases[limit].get(key);
    if (!lease || lease.until <= now()) return undefined;
    if (lease.max !== rate.max || lease.everyMilliseconds !== rate.everyMilliseconds)
      return undefined;
    if (lease.isExhausted) return { isExceeded: true, leftMilliseconds: lease.until - now() };
    if (lease.left === 0) return undefined;
    lease.left -= 1;
    return { isExceeded: false, leftMilliseconds: lease.until - now() };
  }

  async function question(limit: LimitName, key: string, waiting: Waiting): Promise<void> {
    const { rate, requests, failed } = waiting;
    try {
      while (requests.length > 0) {
        const askedAt = now();
        const answer = await ask({ limit, key, wanted: requests.length, ...rate });
        const { granted, window, milliseconds } = answer;
        const admitted = requests.splice(0, granted === 0 ? requests.length : granted);
        failed.splice(0, admitted.length);
        const isExhausted = granted === 0;
        const left = isExhausted ? 0 : granted - admitted.length;
        keep(limit, key, { ...rate, window, left, isExhausted, until: askedAt + milliseconds });
        for (const verdict of admitted)
          verdict({ isExceeded: granted === 0, leftMilliseconds: milliseconds });
      }
    } catch (cause) {
      for (const fail of failed) fail(new Error('cannot count a request', { cause }));
    } finally {
      asking[limit].delete(key);
    }
  }

  return {
    take(limit, key, rate) {
      const verdict = byLease(limit, key, rate);
      if (verdict) return verdict;
      return new Promise((resolve, reject) => {
        const known = asking[limit].get(key);
        const waiting = known ?? { rate, requests: [], failed: [] };
        waiting.requests.push(resolve);
        waiting.failed.push(reject);
        if (known) return;
        asking[limit].set(key, waiting);
        void question(limit, key, waiting);
      });
    },
    giveBack(limit, key, window) {
      const lease = leases[limit].get(key);
      if (lease?.window !== window) return 0;
      leases[limit].delete(key);
      return lease.left;
    },
  };
}
