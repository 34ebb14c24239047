import sodium from 'sodium-native';
import {
  decodePublicKey,
  decodeSeed,
  encodePublicKey,
  encodeSeed,
  type KeyKind,
  type PublicKey,
} from './nkeys.ts';

/**
 * Ed25519 pairs (RFC 8032) in NATS's spelling.
 *
 * libsodium rather than `node:crypto`: making a pair and signing are the two largest parts of an
 * issuance after the verification of the subject token, and it takes less than half the time.
 */
export interface KeyPair<Kind extends KeyKind = KeyKind> {
  readonly kind: Kind;
  readonly publicKey: PublicKey<Kind>;
  /** Secret. Throws once the pair is wiped. */
  readonly seed: () => string;
  /** Ed25519 signature, 64 bytes. Throws once the pair is wiped. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /**
   * Overwrites the secret key. What `seed()` has returned is a string and stays in memory until the
   * garbage collector takes it: JavaScript strings can't be overwritten.
   */
  readonly wipe: () => void;
}

/** A new pair from the operating system's randomness. */
export function createKeyPair<Kind extends KeyKind>(kind: Kind): KeyPair<Kind> {
  const { publicKey, secretKey } = emptyPair();
  sodium.crypto_sign_keypair(publicKey, secretKey);
  return keyPair(kind, publicKey, secretKey);
}

/** The pair of a seed (`SO…`, `SA…`, `SU…`). Throws when `seed` isn't one: check strangers' with `publicKeyOfSeed`. */
export function keyPairFromSeed(seed: string): KeyPair {
  const decoded = decodeSeed(seed);
  if (!decoded || decoded.kind === 'curve') throw new TypeError('not an nkey seed that signs');
  const { publicKey, secretKey } = emptyPair();
  const raw = asBuffer(decoded.seed);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, raw);
  sodium.sodium_memzero(raw);
  return keyPair(decoded.kind, publicKey, secretKey);
}

/** The public key that belongs to the seed of a key that signs, or undefined when `seed` isn't one. */
export function publicKeyOfSeed(seed: string): PublicKey | undefined {
  const decoded = decodeSeed(seed);
  if (!decoded || decoded.kind === 'curve') return undefined;
  const pair = keyPairFromSeed(seed);
  pair.wipe();
  return pair.publicKey;
}

/** Whether `signature` is `publicKey`'s over `message`. False for a key that isn't one, too. */
export function verifySignature(
  publicKey: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const decoded = decodePublicKey(publicKey);
  if (!decoded || decoded.kind === 'curve' || signature.length !== sodium.crypto_sign_BYTES)
    return false;
  return sodium.crypto_sign_verify_detached(
    asBuffer(signature),
    asBuffer(message),
    asBuffer(decoded.key),
  );
}

function emptyPair(): { publicKey: Buffer; secretKey: Buffer } {
  // Not from Node's shared pool: nothing else may lie beside a secret key. `sodium_malloc` would
  // guard it further, at several times the cost of the pair itself.
  const bytes = Buffer.allocUnsafeSlow(
    sodium.crypto_sign_PUBLICKEYBYTES + sodium.crypto_sign_SECRETKEYBYTES,
  );
  return {
    publicKey: bytes.subarray(0, sodium.crypto_sign_PUBLICKEYBYTES),
    secretKey: bytes.subarray(sodium.crypto_sign_PUBLICKEYBYTES),
  };
}

function keyPair<Kind extends KeyKind>(
  kind: Kind,
  publicKey: Buffer,
  secretKey: Buffer,
): KeyPair<Kind> {
  let wiped = false;
  const secret = () => {
    if (wiped) throw new Error('the key pair was wiped');
    return secretKey;
  };
  return {
    kind,
    publicKey: encodePublicKey(kind, publicKey),
    // libsodium keeps the seed in the first half of the secret key.
    seed: () => encodeSeed(kind, secret().subarray(0, sodium.crypto_sign_SEEDBYTES)),
    sign(message) {
      const signature = Buffer.allocUnsafe(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, asBuffer(message), secret());
      return signature;
    },
    wipe() {
      wiped = true;
      sodium.sodium_memzero(secretKey);
    },
  };
}

/** The same bytes as a Buffer, which sodium-native's types ask for; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
