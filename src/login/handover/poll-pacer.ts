import type { Clock } from '../../clock.ts';

/** RFC 8628 §3.2, §3.5. */
export const INTERVAL_SECONDS = 5;
const SLOWER_BY_SECONDS = 5;
/** Tolerance for network delays, so that a device that waited for the interval is not told to slow down. */
const TOLERATED_MILLISECONDS = 500;

const CAPACITY = 10_000;

interface Pace {
  intervalSeconds: number;
  /** Milliseconds since the Unix epoch. */
  lastAt: number;
}

/** How often each device polls. Per process and bounded: the device that polled longest ago is forgotten first. */
export interface PollPacer {
  /** Counts one poll. True if it came too soon; from then on the device must wait longer (RFC 8628 §3.5). */
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
