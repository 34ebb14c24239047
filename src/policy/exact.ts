import type { Json } from '../identity/identity.ts';

/** Why a value that is not exact meets no condition, as an end of a sentence about it. */
export const NOT_EXACT = 'is or holds a number beyond 2^53, which cannot be compared exactly,';

/** Deeper claims than this are not read: no token has them, and the walk is recursive. */
const MAX_DEPTH = 64;

/**
 * Whether the value is what the token says. A number beyond 2^53 may have been rounded when it was
 * read, so that an id would be equal to its neighbors.
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

/** The value for people and records, who would take a rounded number for what the token says. */
export function shownExactly(value: Json, depth = 0): Json {
  if (isExact(value)) return value;
  if (typeof value !== 'object' || value === null) return '(a number beyond 2^53)';
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((element) => shownExactly(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, shownExactly(member, depth + 1)]),
  );
}
