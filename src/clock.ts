/** Where "now" comes from, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/**
 * Milliseconds since `then`. Where the clock was set back to before it, nobody knows how long that
 * was, and it counts as over: `Infinity`.
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
 * So much longer than a thing lives it is remembered that it is used up or ended: a replica whose clock
 * is ahead must not forget what one that is behind would still take. As much as `leeway` may be.
 */
export const CLOCKS_DIFFER_SECONDS = 300;
