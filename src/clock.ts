/** Where the time comes from, so that tests can set it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/**
 * Milliseconds since `then`. `Infinity` when the clock was set back to before `then`: the real age is
 * unknown, so the time counts as expired.
 */
export function millisecondsSince(then: number, clock: Clock): number {
  const age = clock.now() - then;
  return age < 0 ? Number.POSITIVE_INFINITY : age;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Unix seconds, rounded down: the unit of every `iat`, `nbf` and `exp` (RFC 7519 §2, NumericDate). */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

/**
 * How much longer than its lifetime we remember that something was used or ended. Without it, a replica
 * whose clock is ahead forgets what a replica whose clock is behind still accepts. The largest `leeway`.
 */
export const CLOCKS_DIFFER_SECONDS = 300;
