import type { Clock } from '../../clock.ts';

/** RFC 8628 §3.2, §3.5. */
export const INTERVAL_SECONDS = 5;
const SLOWER_BY_SECONDS = 5;
/** Networks are uneven: whoever waited for the interval must not be told to slow down. */
const TOLERATED_MILLISECONDS = 500;

const CAPACITY = 10_000;

interface Pace {
  intervalSeconds: number;
  /** Milliseconds since the Unix epoch. */
  lastAt: number;
}

/** How often devices ask, each by its name. Of one process; bounded, whoever asked longest ago is forgotten. */
export interface PollPacer {
  /** Counts one poll. True: it came too soon, and from now on the device must wait longer (RFC 8628 §3.5). */
  tooSoon(name: string): boolean;
  forget(name: string): void;
}

export function pollPacer({
  clock,
  capacity = CAPACITY,
}: {
  readonly clock: Clock;
  readonly capacity?: number;
}): PollPacer {
  const paces = new Map<string, Pace>();
  return {
    tooSoon(name) {
      const now = clock.now();
      const before = paces.get(name);
      const { intervalSeconds, lastAt } = before ?? {
        intervalSeconds: INTERVAL_SECONDS,
        lastAt: Number.NEGATIVE_INFINITY,
      };
      const soon = now - lastAt < intervalSeconds * 1000 - TOLERATED_MILLISECONDS;
      paces.delete(name);
      paces.set(name, {
        intervalSeconds: intervalSeconds + (soon ? SLOWER_BY_SECONDS : 0),
        lastAt: now,
      });
      const [oldest] = paces.keys();
      if (paces.size > capacity && oldest !== undefined) paces.delete(oldest);
      return soon;
    },
    forget: (name) => void paces.delete(name),
  };
}
