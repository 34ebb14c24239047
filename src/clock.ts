/** Where "now" comes from, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Unix seconds, rounded down: the unit of every `iat`, `nbf` and `exp` (RFC 7519 §2, NumericDate). */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
