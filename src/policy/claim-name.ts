import { type ClaimPath, parseClaimPath } from '../identity/claims.ts';
import type { Json } from '../identity/identity.ts';

/** A claim that a condition or a template looks at. */
export interface ClaimUse {
  /** See `claimName`. */
  readonly name: string;
  readonly path: ClaimPath;
}

export function claimUse(path: ClaimPath): ClaimUse {
  return { name: claimName(path), path };
}

/** The claim at the top of the token that this one is, or is inside of. */
export function topLevel({ path }: ClaimUse): string {
  return path[0] ?? '';
}

/**
 * One name for each claim, however the operator wrote it: the claim's own name at the top of the
 * token, else a JSON Pointer (RFC 6901). `parseClaimPath` reads it back; records and traces show it.
 */
function claimName(path: ClaimPath): string {
  const [first] = path;
  if (path.length === 1 && first !== undefined && !first.startsWith('/')) return first;
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Reads a `match` key; answers what is wrong with it as a text, else the claim it names. */
export function parseClaimName(key: string): ClaimUse | string {
  if (key === '') return 'a claim has a name';
  if (key.startsWith('/') && /~(?![01])/.test(key)) {
    return 'in a JSON Pointer "~" is written "~0", and a "/" inside a name "~1" (RFC 6901)';
  }
  return claimUse(parseClaimPath(key));
}

const MAX_SHOWN_LENGTH = 256;

/** A claim's value, short enough for a record: a longer one becomes its beginning and a mark. */
export function shortened(value: Json): Json {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= MAX_SHOWN_LENGTH) return value;
  return `${text.slice(0, MAX_SHOWN_LENGTH)}… (${text.length} characters)`;
}
