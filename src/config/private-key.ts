import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ALGORITHMS, type Algorithm } from '../identity/issuer.ts';
import { importJwk } from '../identity/keys/jwk.ts';
import { type Jwk, setMembers, texts } from '../identity/keys/jwk-members.ts';
import { LeftOut } from '../identity/keys/left-out.ts';

/** A key that nats-sts signs client assertions with. Secret. */
interface SigningKey {
  readonly key: KeyObject;
  /** Algorithms that it can sign with, the usual one first; never empty. For a JWK with `alg`, only that one. */
  readonly algorithms: readonly Algorithm[];
  /** `kid` of a JWK. */
  readonly keyId?: string;
}

/** Why there is no key. Never quotes the key. */
interface KeyFault {
  readonly reason: string;
}

/** Reads a private key: PEM (PKCS#8, PKCS#1, SEC1), or a JWK (RFC 7517) as JSON. */
export function readPrivateKey(text: string): SigningKey | KeyFault {
  const trimmed = text.trim();
  return trimmed.startsWith('{') ? readJwk(trimmed) : readPem(trimmed);
}

const WANTED = 'give a private key as PEM (PKCS#8, PKCS#1 or SEC1) or as a JWK in JSON';

function readPem(pem: string): SigningKey | KeyFault {
  if (!pem.includes('PRIVATE KEY-----')) {
    if (pem.includes('PUBLIC KEY-----')) return { reason: PUBLIC };
    const what = pem.includes('CERTIFICATE-----') ? 'is a certificate' : 'is not a key';
    return { reason: `${what}: ${WANTED}` };
  }
  if (/ENCRYPTED(?: PRIVATE KEY-----|$)/m.test(pem)) return { reason: ENCRYPTED };
  const key = keyOf(() => createPrivateKey(pem));
  return key ? usable(key) : { reason: `cannot be read: ${WANTED}` };
}

const PUBLIC =
  'is a public key: give the private key here, and register the public key at the issuer';
const ENCRYPTED =
  'is encrypted with a passphrase: remove it (openssl pkey -in key.pem -out plain.pem), and let only this service read the file';

function readJwk(json: string): SigningKey | KeyFault {
  const whole = parsed(json);
  if (whole === undefined) return { reason: `is not JSON: ${WANTED}` };
  const jwk = setMembers(whole);
  if ('keys' in jwk) return { reason: 'is a key set: give one private key from it' };
  if (jwk['kty'] === 'oct') return { reason: 'is a symmetric key: give it as clientSecret' };
  if (!('d' in jwk)) return { reason: PUBLIC };
  if (!isForSigning(jwk))
    return { reason: 'is not a signing key, by its "use" or "key_ops": give one for signatures' };
  const key = keyOf(() => createPrivateKey({ key: jwk, format: 'jwk' }));
  return key ? usable(key, jwk) : { reason: `cannot be read: ${WANTED}` };
}

function parsed(json: string): Jwk | undefined {
  try {
    // It begins with a brace, so it is an object or nothing.
    return JSON.parse(json) as Jwk;
  } catch {
    return undefined;
  }
}

/** RFC 7517 §4.2, §4.3. */
function isForSigning({ use, key_ops }: Jwk): boolean {
  const [uses, operations] = [texts(use), texts(key_ops)];
  return (
    (uses.length === 0 || uses.includes('sig')) &&
    (operations.length === 0 || operations.includes('sign'))
  );
}

function keyOf(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    // OpenSSL's messages may quote the key.
    return undefined;
  }
}

const MIN_RSA_BITS = 2048;

function usable(key: KeyObject, { alg, kid }: Jwk = {}): SigningKey | KeyFault {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    return { reason: `is an RSA key of ${bits} bits: create one of ${MIN_RSA_BITS} or more` };
  }
  const able = algorithmsOf(key);
  if ('reason' in able) return able;
  const algorithms = alg === undefined ? able : able.filter((one) => one === alg);
  if (algorithms.length === 0)
    return {
      reason: 'cannot sign with the algorithm in its "alg": correct "alg", or give another key',
    };
  return { key, algorithms, ...(typeof kid === 'string' && kid !== '' && { keyId: kid }) };
}

const KINDS = 'is of an unsupported kind: create one for RSA, P-256, P-384, P-521, or Ed25519';

/** The algorithms that its public key may verify, by the rules for the keys of issuers. */
function algorithmsOf(key: KeyObject): readonly Algorithm[] | KeyFault {
  const publicKey = keyOf(() => createPublicKey(key));
  const jwk = publicKey && exported(publicKey);
  const keys = jwk && importJwk(jwk, ALGORITHMS);
  if (keys instanceof LeftOut && keys.faulty) return { reason: `${keys.why}: create another one` };
  return keys === undefined || keys instanceof LeftOut
    ? { reason: KINDS }
    : keys.map(({ alg }) => alg);
}

function exported(publicKey: KeyObject): Jwk | undefined {
  try {
    return publicKey.export({ format: 'jwk' }) as Jwk;
  } catch {
    // RSA-PSS, DSA, and others cannot be JWKs.
    return undefined;
  }
}
