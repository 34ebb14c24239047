import type { CelInput } from '@bufbuild/cel';
import type { Json } from '../../identity/identity.ts';

/** Deeper claims than this are not read: no token has them, and the walk is recursive. */
const MAX_DEPTH = 64;

/**
 * A claim as CEL sees it: objects are maps, whole numbers are `int` (so that `claims.run == 1` and
 * `claims.list[0]` work), other numbers `double`. Throws `RangeError` for what is nested too deep.
 */
export function toCelValue(value: Json, depth = 0): CelInput {
  if (depth > MAX_DEPTH) throw new RangeError('a claim is nested too deep');
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => toCelValue(element, depth + 1));
  // A Map, not an object: member names like "__proto__" mean nothing in it.
  return new Map(
    Object.entries(value).map(([name, member]) => [name, toCelValue(member, depth + 1)]),
  );
}
