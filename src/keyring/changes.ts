import { isDeepStrictEqual } from 'node:util';
import type { AccountAdmission } from '../nats/admission.ts';
import { changeOf, moved } from './step-draft.ts';
import type { Ring, RingKey } from './ring.ts';

/**
 * What changes in a ring beside the steps of its keys. Pure: each returns the next ring, to be written
 * by compare-and-swap, or undefined where it can't be done any more.
 */

/** Requests a rotation of these slots. The rotator carries it out as soon as their staged keys may sign. */
export function requestRotation(ring: Ring, slots: readonly string[], now: number): Ring {
  const requests = Object.fromEntries(slots.map((slot) => [slot, now]));
  return { ...ring, rotationRequests: { ...ring.rotationRequests, ...requests } };
}

/**
 * Emergency: retires the key at once, whatever it signed. Undefined if the ring has no such key
 * that is still trusted.
 */
export function revokeKey(ring: Ring, publicKey: string, now: number): Ring | undefined {
  const key = ring.keys.find((key) => key.publicKey === publicKey);
  if (!key || key.state === 'retired') return undefined;
  const change = changeOf(ring, key, { time: now, to: 'retired', reason: 'revoked' });
  return {
    ...withKey(ring, moved(key, 'retired', now, 'revoked')),
    unreported: [...ring.unreported, change],
  };
}

/**
 * Lets the active key, or a staged one, sign credentials of this lifetime (seconds).
 * Undefined if the key is neither.
 */
export function raiseLifetime(
  ring: Ring,
  publicKey: string,
  lifetimeSeconds: number,
): Ring | undefined {
  const key = ring.keys.find((key) => key.publicKey === publicKey);
  if (key?.state !== 'active' && key?.state !== 'staged') return undefined;
  if (key.lifetimeSeconds >= lifetimeSeconds) return ring;
  return withKey(ring, { ...key, lifetimeSeconds });
}

/**
 * The smallest power of two that covers the lifetime, or the longest that there is (`most`) where
 * that is less: a ring is raised a few times, not for every credential. All in seconds.
 */
export function roundedLifetime(seconds: number, most: number): number {
  const rounded = 2 ** Math.ceil(Math.log2(Math.max(1, seconds)));
  return Math.max(seconds, Math.min(rounded, most));
}

/** Notes whether users of the account can connect. The same ring if nothing changed. */
export function noteAdmission(ring: Ring, admission: AccountAdmission): Ring {
  const { admission: before = {}, ...rest } = ring;
  if (isDeepStrictEqual(before, admission)) return ring;
  return Object.keys(admission).length > 0 ? { ...rest, admission } : rest;
}

function withKey(ring: Ring, next: RingKey): Ring {
  return {
    ...ring,
    keys: ring.keys.map((key) => (key.publicKey === next.publicKey ? next : key)),
  };
}
