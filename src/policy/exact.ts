import type { Json } from '../identity/identity.ts';

/** Why an inexact value meets no condition, to follow "the claim". */
export const NOT_EXACT = 'is or contains a number beyond 2^53, which cannot be compared exactly,';

/** Deeper claims are not read: no real token has them, and the code is recursive. */
const MAX_DEPTH = 64;

/**
 * Whether the value is exactly what the token says. A number beyond 2^53 may have been rounded when it was
 * parsed, so that an ID would equal its neighbors.
 */
export function isExact(value: Json, depth = 0): boolean {
  if (typeof value === 'string') return true;
  if (typeof value === 'number') return isExactNumber(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  return Object.values(value).every((member) => isExact(member, depth + 1));
}

export function isExactNumber(value: number): boolean {
  return Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

/** The value for people and records, without rounded numbers, which would look like those in the token. */
export function shownExactly(value: Json, depth = 0): Json {
  if (isExact(value)) return value;
  if (typeof value !== 'object' || value === null) return '(a number beyond 2^53)';
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((element) => shownExactly(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, shownExactly(member, depth + 1)]),
  );
}
