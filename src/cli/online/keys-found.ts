import { ALGORITHMS, type Algorithm } from '../../identity/issuer.ts';
import { importJwk } from '../../identity/keys/jwk.ts';
import { indexKeys } from '../../identity/keys/key-index.ts';
import { noticeOf } from '../../identity/keys/key-refusals.ts';
import { LeftOut } from '../../identity/keys/left-out.ts';
import { type Finding, findingsOf } from './finding.ts';

/** Whether a JWK set has keys that verify tokens of this issuer. */
export function keysFound(
  keys: readonly unknown[],
  allowed: readonly Algorithm[],
  { path, tried }: { readonly path: string; readonly tried: string },
): Finding {
  const { ok, problem } = findingsOf(path, tried);
  const usable = keys.filter((key) => indexKeys([key], allowed).size > 0);
  const notice = noticeOf(indexKeys(keys, allowed));
  const noted = notice === undefined ? '' : `; ${notice}`;
  const kinds = [...new Set(keys.map(kindOf))].join(', ');
  const count = `${keys.length} key${keys.length === 1 ? '' : 's'}`;
  if (usable.length > 0) {
    return ok('keys', `${count}, ${usable.length} of them usable (${kinds})${noted}`);
  }
  if (keys.length === 0) {
    return problem('keys-unusable', 'an empty key set', 'make the issuer publish its keys');
  }
  const verifiable = [...new Set(keys.flatMap((key) => algorithmsOf(key)))];
  return problem(
    'keys-unusable',
    `${count} (${kinds}), none usable: the configuration allows ${allowed.join(', ')}${noted}`,
    verifiable.length > 0
      ? `allow the algorithm of the issuer, such as algorithms: [${verifiable[0]}]`
      : 'make the issuer publish public signature keys: RSA of 2048 bits or more, EC, or Ed25519',
  );
}

function algorithmsOf(jwk: unknown): Algorithm[] {
  const keys = importJwk(jwk, ALGORITHMS);
  return keys instanceof LeftOut ? [] : keys.map(({ alg }) => alg);
}

/** `RS256`, or the type where a key does not name its algorithm. */
function kindOf(jwk: unknown): string {
  const { alg, kty, crv } = (typeof jwk === 'object' && jwk !== null ? jwk : {}) as {
    readonly [name: string]: unknown;
  };
  const word = [alg, crv, kty].find(
    (text) => typeof text === 'string' && /^[\w-]{1,20}$/.test(text),
  );
  return typeof word === 'string' ? word : 'of unknown type';
}
