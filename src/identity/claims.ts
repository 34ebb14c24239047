import { InvalidInput } from '../errors.ts';
import type { Claims, Json } from './identity.ts';

/**
 * The path of a claim in a payload: the member names (or array indexes) that lead to it.
 * `['sub']` for a top-level claim, `['realm_access', 'roles', '0']` for a JSON Pointer.
 */
export type ClaimPath = readonly string[];

/**
 * Reads a claim's name as policies and issuers spell it: with a leading `/` it is a JSON Pointer
 * (RFC 6901), anything else is the whole name of one top-level claim, dots, colons and all
 * (`cognito:groups`, `https://example.com/claims/roles`).
 *
 * Throws `InvalidInput` for a pointer with a `~` that is neither `~0` nor `~1` (RFC 6901 §3).
 */
export function parseClaimPath(text: string): ClaimPath {
  if (!text.startsWith('/')) return [text];
  return text.slice(1).split('/').map(unescapeToken);
}

function unescapeToken(token: string): string {
  if (/~(?![01])/.test(token)) {
    throw new InvalidInput('claim', [
      { path: '', message: 'a JSON Pointer spells "~" as "~0" and "/" as "~1" (RFC 6901)' },
    ]);
  }
  // RFC 6901 §4: ~1 first, so that "~01" becomes "~1" and not "/".
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

/**
 * The value at `path`, or `undefined` where the token says nothing. Only what the token itself
 * holds counts: nothing inherited (`constructor`, `length`, `__proto__`) is ever found.
 */
export function lookUp(claims: Claims, path: ClaimPath): Json | undefined {
  let value: Claims | Json | undefined = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = isList(value) ? element(value, name) : own(value, name);
  }
  return value;
}

/** A top-level claim by its plain name; the same as `lookUp(claims, [name])`. */
export function own(claims: Claims, name: string): Json | undefined {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** `Array.isArray` alone does not narrow a union with a readonly member. */
function isList(value: Claims | Json[]): value is Json[] {
  return Array.isArray(value);
}

const ARRAY_INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** RFC 6901 §4: decimal digits without leading zeros; `-` names the element after the last, which is never there. */
function element(array: readonly Json[], token: string): Json | undefined {
  return ARRAY_INDEX.test(token) ? array[Number(token)] : undefined;
}
