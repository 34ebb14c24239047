import type { RingKey } from './ring.ts';

/** Servers' clocks may be behind ours: a credential then lives longer there. */
const CLOCK_SKEW_MILLISECONDS = 5000;

/**
 * How long a draining key stays in the account JWT: until the last credential that it signed has expired, by any
 * server's clock, and any process that lost the store has stopped signing (`graceMilliseconds`). Milliseconds since the
 * Unix epoch; undefined for keys that are not draining.
 */
export function retiresAt(
  { state, drainingAt, settledAt = drainingAt, lifetimeSeconds }: RingKey,
  graceMilliseconds: number,
): number | undefined {
  if (state !== 'draining' || drainingAt === undefined || settledAt === undefined) return undefined;
  // A key whose lifetime was never raised signed nothing.
  if (lifetimeSeconds === 0) return drainingAt;
  return settledAt + graceMilliseconds + lifetimeSeconds * 1000 + CLOCK_SKEW_MILLISECONDS;
}

/**
 * How long retired keys are remembered. A forgotten key counts as someone else's from then on, and stays in any account
 * JWT that lists it. So only keys that no server lists are forgotten, and revoked ones only after this time, never for
 * their number.
 */
const MEMORY_MILLISECONDS = 400 * 86_400_000;
const REMEMBERED_KEYS = 200;

/**
 * Marks the keys that were retired before this look, and that no account JWT it saw lists. `before`:
 * the keys as they were stored when the servers were looked at.
 */
export function markGone(
  keys: readonly RingKey[],
  before: readonly RingKey[],
  listed: ReadonlySet<string>,
): RingKey[] {
  const retired = new Set(
    before.filter(({ state }) => state === 'retired').map(({ publicKey }) => publicKey),
  );
  return keys.map((key) =>
    !key.gone && retired.has(key.publicKey) && !listed.has(key.publicKey)
      ? { ...key, gone: true }
      : key,
  );
}

/** The keys without those that need not be remembered. Keys in `kept` always are. */
export function remembered(
  keys: readonly RingKey[],
  { now, kept, published }: { now: number; kept: ReadonlySet<string>; published: boolean },
): RingKey[] {
  const past = keys.filter(
    ({ state, gone, publicKey }) =>
      state === 'retired' && !kept.has(publicKey) && (gone === true || !published),
  );
  const crowd = past
    .filter(({ reason }) => reason !== 'revoked')
    .toSorted((one, other) => (one.retiredAt ?? 0) - (other.retiredAt ?? 0));
  const forgotten = new Set([
    ...past.filter(({ retiredAt = now }) => now - retiredAt > MEMORY_MILLISECONDS),
    ...crowd.slice(0, Math.max(0, crowd.length - REMEMBERED_KEYS)),
  ]);
  return forgotten.size === 0 ? [...keys] : keys.filter((key) => !forgotten.has(key));
}
