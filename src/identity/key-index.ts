import type { TokenHeader } from './header.ts';
import type { Algorithm } from './issuer.ts';
import { importJwk } from './jwk.ts';
import type { VerificationKey } from './signature.ts';

/** Far above what any issuer publishes; importing costs about 50 µs a key. */
const MAX_KEYS = 256;

/** The usable keys of one key set, found by what a token's header names. */
export interface KeyIndex {
  readonly size: number;
  /**
   * The one key that fits. `ambiguous` when several do: a token without `kid`, or a key set that
   * gives one name to two keys; guessing among them would make the answer depend on their order.
   */
  find(header: Pick<TokenHeader, 'alg' | 'kid'>): VerificationKey | 'ambiguous' | undefined;
}

/** Reads a JWK set (RFC 7517 §5). Members that are no usable keys are passed over, as §5 there asks. */
export function indexKeys(jwks: readonly unknown[], allowed: readonly Algorithm[]): KeyIndex {
  const byAlgorithm = new Map<Algorithm, VerificationKey[]>();
  const byName = new Map<Algorithm, Map<string, VerificationKey | 'ambiguous'>>();
  let size = 0;
  for (const jwk of jwks.slice(0, MAX_KEYS)) {
    for (const key of importJwk(jwk, allowed)) {
      if (add(byAlgorithm, byName, key)) size++;
    }
  }
  return {
    size,
    find: ({ alg, kid }) =>
      kid === undefined ? onlyOne(byAlgorithm.get(alg)) : byName.get(alg)?.get(kid),
  };
}

/** False when the very same key was there already: some issuers list one twice. */
function add(
  byAlgorithm: Map<Algorithm, VerificationKey[]>,
  byName: Map<Algorithm, Map<string, VerificationKey | 'ambiguous'>>,
  key: VerificationKey,
): boolean {
  const { alg, kid, publicKey } = key;
  const keys = emplace(byAlgorithm, alg, () => []);
  const repeated = keys.some((k) => k.kid === kid && k.publicKey.equals(publicKey));
  if (repeated) return false;
  keys.push(key);
  if (kid === undefined) return true;
  const names = emplace(byName, alg, () => new Map<string, VerificationKey | 'ambiguous'>());
  names.set(kid, names.has(kid) ? 'ambiguous' : key);
  return true;
}

function onlyOne(keys: readonly VerificationKey[] = []): VerificationKey | 'ambiguous' | undefined {
  return keys.length > 1 ? 'ambiguous' : keys[0];
}

function emplace<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
