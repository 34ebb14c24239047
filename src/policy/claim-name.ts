import { type ClaimPath, parseClaimPath } from '../identity/claims.ts';
import type { Json } from '../identity/identity.ts';

/** A claim that a condition or a template reads. */
export interface ClaimUse {
  /** See `claimName`. */
  readonly name: string;
  readonly path: ClaimPath;
}

export function claimUse(path: ClaimPath): ClaimUse {
  return { name: claimName(path), path };
}

/** The name of the top-level claim that this claim is, or is inside. */
export function topLevel({ path }: ClaimUse): string {
  return path[0] ?? '';
}

/**
 * One name for each claim, however the operator wrote it: its own name if it is at the top of the token,
 * else a JSON Pointer (RFC 6901). Records and traces show it; `parseClaimPath` parses it.
 */
function claimName(path: ClaimPath): string {
  const [first] = path;
  if (path.length === 1 && first !== undefined && !first.startsWith('/')) return first;
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Parses a `match` key: the claim that it names, or what is wrong with it. */
export function parseClaimName(key: string): ClaimUse | string {
  if (key === '') return 'has no name: write the name of a claim, such as sub';
  if (key.startsWith('/') && /~(?![01])/.test(key)) {
    return 'is not a JSON Pointer: write "~" as "~0", and "/" inside a name as "~1" (RFC 6901)';
  }
  return claimUse(parseClaimPath(key));
}

const MAX_SHOWN_LENGTH = 256;

/** The value of a claim, truncated if it is too long for a record. */
export function shortened(value: Json): Json {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= MAX_SHOWN_LENGTH) return value;
  return `${text.slice(0, MAX_SHOWN_LENGTH)}… (${text.length} characters)`;
}
