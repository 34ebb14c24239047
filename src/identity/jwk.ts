import { createPublicKey, type KeyObject } from 'node:crypto';
import { ALGORITHMS, type Algorithm } from './issuer.ts';
import { ALGORITHM_RULES, type VerificationKey, verificationKey } from './signature.ts';

const MIN_RSA_BITS = 2048;
/** Above this a verification takes long enough to stall everybody else. */
const MAX_RSA_BITS = 8192;
const MAX_RSA_EXPONENT = 2n ** 32n;

/**
 * The keys that one JWK (RFC 7517 §4) gives: one for each algorithm it may verify, none when it is
 * not a public signature key that nats-sts trusts. Symmetric and private keys give none: whoever
 * publishes one has published a forger's tool.
 */
export function importJwk(jwk: unknown, allowed: readonly Algorithm[]): VerificationKey[] {
  if (!isObject(jwk) || !isForSignatures(jwk) || hasPrivateParts(jwk)) return [];
  const algorithms = ALGORITHMS.filter((alg) => allowed.includes(alg) && fits(jwk, alg));
  if (algorithms.length === 0) return [];
  const publicKey = toPublicKey(jwk);
  if (publicKey === undefined || !isStrongEnough(publicKey)) return [];
  const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined;
  return algorithms.map((alg) => verificationKey(alg, kid, publicKey));
}

type Jwk = Record<string, unknown>;

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7517 §4.2 and §4.3; `jwt-svid` is what SPIFFE bundles write (JWT-SVID §5). */
function isForSignatures({ use, key_ops }: Jwk): boolean {
  const useFits = use === undefined || use === 'sig' || use === 'jwt-svid';
  const operationsFit =
    key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes('verify'));
  return useFits && operationsFit;
}

/** RFC 7518 §6.3.2, RFC 8037 §2, and `k` of symmetric keys. */
function hasPrivateParts(jwk: Jwk): boolean {
  return ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].some((part) => part in jwk);
}

/** Type, curve and, when the JWK names one, the algorithm itself (RFC 7517 §4.4) belong together. */
function fits(jwk: Jwk, alg: Algorithm): boolean {
  const { kty, crv } = ALGORITHM_RULES[alg];
  if (jwk['kty'] !== kty || (crv !== undefined && jwk['crv'] !== crv)) return false;
  return jwk['alg'] === undefined || jwk['alg'] === alg;
}

function toPublicKey(jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    // A key that can't be read (a point off its curve, a missing part) is a key we don't have.
    return undefined;
  }
}

function isStrongEnough({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa') return true;
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  return (
    modulusLength >= MIN_RSA_BITS &&
    modulusLength <= MAX_RSA_BITS &&
    publicExponent > 1n &&
    publicExponent <= MAX_RSA_EXPONENT
  );
}
