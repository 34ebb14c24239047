import type { TokenHeader } from '../header.ts';
import type { Algorithm } from '../issuer.ts';
import { importPublicJwk, readJwk } from './jwk.ts';
import { LeftOut } from './left-out.ts';
import type { VerificationKey } from '../signature.ts';

/** Far above what any issuer publishes; importing costs about 50 µs a key. */
export const MAX_KEYS = 256;
/** Each costs a verification, which strangers can ask for. */
const MAX_CANDIDATES = 4;

/** The usable keys of one key set, found by what a token's header names. */
export interface KeyIndex {
  readonly size: number;
  /** Members that give no key. */
  readonly leftOut: readonly LeftOut[];
  /** Public keys that were not even tried, since `MAX_KEYS` came before them. */
  readonly beyond: number;
  /**
   * The keys that fit: usually one. A few while an issuer that names no keys, or names all of them
   * the same, changes its key; `ambiguous` when they are too many to try. Undefined: none.
   */
  find(header: Pick<TokenHeader, 'alg' | 'kid'>): Candidates | 'ambiguous' | undefined;
}

/** Keys of which one may have made a signature. Never empty. */
export type Candidates = readonly VerificationKey[];

/** Reads a JWK set (RFC 7517 §5). Members that are no usable keys are passed over, as §5 there asks. */
export function indexKeys(jwks: readonly unknown[], allowed: readonly Algorithm[]): KeyIndex {
  const byAlgorithm = new Map<Algorithm, VerificationKey[]>();
  const byName = new Map<Algorithm, Map<string, VerificationKey[]>>();
  const leftOut: LeftOut[] = [];
  const imported = new Set<string>();
  let size = 0;
  let beyond = 0;
  for (const member of jwks) {
    const jwk = readJwk(member, allowed);
    if (jwk instanceof LeftOut) {
      if (leftOut.length < MAX_KEYS) leftOut.push(jwk);
      continue;
    }
    // Some issuers list the very same key twice.
    const same = JSON.stringify(jwk);
    if (imported.has(same)) continue;
    if (imported.size === MAX_KEYS) {
      beyond += 1;
      continue;
    }
    imported.add(same);
    const keys = importPublicJwk(jwk);
    if (keys instanceof LeftOut) leftOut.push(keys);
    else for (const key of keys) add(byAlgorithm, byName, key);
    size += keys instanceof LeftOut ? 0 : keys.length;
  }
  return {
    size,
    leftOut,
    beyond,
    find: ({ alg, kid }) =>
      few(kid === undefined ? byAlgorithm.get(alg) : byName.get(alg)?.get(kid)),
  };
}

function add(
  byAlgorithm: Map<Algorithm, VerificationKey[]>,
  byName: Map<Algorithm, Map<string, VerificationKey[]>>,
  key: VerificationKey,
): void {
  const { alg, kid } = key;
  emplace(byAlgorithm, alg, () => []).push(key);
  if (kid === undefined) return;
  const names = emplace(byName, alg, () => new Map<string, VerificationKey[]>());
  emplace(names, kid, () => []).push(key);
}

function few(keys: Candidates | undefined): Candidates | 'ambiguous' | undefined {
  return keys !== undefined && keys.length > MAX_CANDIDATES ? 'ambiguous' : keys;
}

function emplace<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
