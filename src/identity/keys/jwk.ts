import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { ALGORITHMS, type Algorithm } from '../issuer.ts';
import { bytesOf, holdsSecret, type Jwk, kidOf, significant, texts } from './jwk-members.ts';
import { LeftOut } from './left-out.ts';
import { rsaFault } from './rsa-fault.ts';
import { show, showAll } from '../show.ts';
import { ALGORITHM_RULES, type VerificationKey, verificationKey } from '../signature.ts';

/** A public signature key as its JWK says it, not imported yet. */
export interface PublicJwk {
  readonly kid: string | undefined;
  /** What it may verify; never empty. */
  readonly algorithms: readonly Algorithm[];
  /** Its public members and nothing else, each spelled in one way. */
  readonly members: Readonly<webcrypto.JsonWebKey>;
}

/** The keys that one JWK gives: one for each algorithm it may verify, or why it is not used. */
export function importJwk(
  value: unknown,
  allowed: readonly Algorithm[],
): readonly VerificationKey[] | LeftOut {
  const jwk = readJwk(value, allowed);
  return jwk instanceof LeftOut ? jwk : importPublicJwk(jwk);
}

/**
 * Reads a JWK (RFC 7517 §4) without importing it, which is what costs time. A member that is not set
 * or of a wrong type says nothing. Symmetric and private keys are never used: an issuer that publishes one
 * has published a forger's tool.
 */
export function readJwk(value: unknown, allowed: readonly Algorithm[]): PublicJwk | LeftOut {
  if (!isObject(value)) return new LeftOut(undefined, 'is not a JSON object', true);
  const kid = kidOf(value);
  const leaveOut = (why: string, faulty = false) => new LeftOut(kid, why, faulty);
  if (holdsSecret(value)) return leaveOut(SECRET, true);
  const purpose = otherPurpose(value);
  if (purpose !== undefined) return leaveOut(purpose);
  const algorithms = algorithmsOf(value, allowed);
  if (typeof algorithms === 'string') return leaveOut(algorithms);
  const members = publicMembers(value);
  return typeof members === 'string' ? leaveOut(members, true) : { kid, algorithms, members };
}

/** Asks OpenSSL, which takes about 50 µs. */
export function importPublicJwk({
  kid,
  algorithms,
  members,
}: PublicJwk): readonly VerificationKey[] | LeftOut {
  const publicKey = toPublicKey(members);
  if (publicKey) return algorithms.map((alg) => verificationKey(alg, kid, publicKey));
  return new LeftOut(kid, `has members that are not valid for ${members.crv ?? 'RSA'}`, true);
}

const SECRET = 'contains a private or symmetric key: anyone who can read it can forge tokens';

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7517 §4.2; `jwt-svid` is what SPIFFE bundles write (JWT-SVID §5). */
const SIGNATURE_USES: ReadonlySet<string> = new Set(['sig', 'jwt-svid']);

/** RFC 7517 §4.2 and §4.3. */
function otherPurpose({ use, key_ops }: Jwk): string | undefined {
  const uses = texts(use);
  if (uses.length > 0 && !uses.some((one) => SIGNATURE_USES.has(one))) {
    return `has the "use" ${showAll(uses)}, so it is not for signatures`;
  }
  const operations = texts(key_ops);
  if (operations.length === 0 || operations.includes('verify')) return undefined;
  return 'has "key_ops" without "verify"';
}

/** Type, curve and, when the JWK names one, the algorithm itself (RFC 7517 §4.4) belong together. */
function algorithmsOf(jwk: Jwk, allowed: readonly Algorithm[]): readonly Algorithm[] | string {
  const { kty, crv } = jwk;
  const named = texts(jwk['alg']);
  const able = ALGORITHMS.filter((alg) => {
    const rules = ALGORITHM_RULES[alg];
    return rules.kty === kty && (rules.crv === undefined || rules.crv === crv);
  });
  if (able.length === 0) {
    const curve = typeof crv === 'string' ? ` with "crv" ${show(crv)}` : '';
    const type = typeof kty === 'string' ? `has "kty" ${show(kty)}${curve}` : 'has no "kty"';
    return `${type}: no supported signature algorithm uses that`;
  }
  const meant = named.length === 0 ? able : able.filter((alg) => named.includes(alg));
  if (meant.length === 0) return `has the "alg" ${showAll(named)}, which its type does not support`;
  const usable = meant.filter((alg) => allowed.includes(alg));
  if (usable.length > 0) return usable;
  return `is for ${meant.join(', ')}, which this issuer's "algorithms" do not include`;
}

const COORDINATE_BYTES: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
};

/** RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2; or what is wrong with them. */
function publicMembers(jwk: Jwk): webcrypto.JsonWebKey | string {
  const { kty } = jwk;
  if (kty === 'RSA') return rsaMembers(jwk);
  const crv = String(jwk['crv']);
  if (kty === 'OKP') {
    const x = bytesOf(jwk['x']);
    return x?.length === 32 ? { kty, crv, x: x.toString('base64url') } : absent(jwk, ['x'], crv);
  }
  const size = COORDINATE_BYTES[crv] ?? 0;
  const [x, y] = [coordinate(jwk['x'], size), coordinate(jwk['y'], size)];
  return x && y ? { kty: 'EC', crv, x, y } : absent(jwk, ['x', 'y'], crv);
}

function rsaMembers(jwk: Jwk): webcrypto.JsonWebKey | string {
  const [modulus, exponent] = [bytesOf(jwk['n']), bytesOf(jwk['e'])];
  if (!modulus || !exponent) return absent(jwk, ['n', 'e'], 'RSA');
  const [n, e] = [significant(modulus), significant(exponent)];
  return rsaFault(n, e) ?? { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
}

/** Exactly as long as the field (RFC 7518 §6.2.1.2), however many zeros its encoder left out or added. */
function coordinate(value: unknown, size: number): string | undefined {
  const bytes = bytesOf(value);
  const digits = bytes && significant(bytes);
  if (!digits || digits.length > size) return undefined;
  return Buffer.concat([Buffer.alloc(size - digits.length), digits]).toString('base64url');
}

function absent(jwk: Jwk, names: readonly string[], what: string): string {
  const members = names.map((name) => `"${name}"`).join(' and ');
  const missing = names.some((name) => texts(jwk[name]).length === 0);
  if (!missing) return `has ${members} that are not valid for ${what}`;
  const certificate = texts(jwk['x5c']).length > 0 ? '; the certificate in "x5c" is not read' : '';
  return `lacks ${members}${certificate}`;
}

function toPublicKey(members: webcrypto.JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: members, format: 'jwk' });
  } catch {
    // A key that can't be read (a point off its curve) is a key we don't have.
    return undefined;
  }
}
