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
  const memory = emptyPair();
  sodium.crypto_sign_keypair(memory.publicKey, memory.secretKey);
  return keyPair(kind, memory);
}

/** The pair of a seed (`SO…`, `SA…`, `SU…`). Throws when `seed` isn't one: check strangers' with `publicKeyOfSeed`. */
export function keyPairFromSeed(seed: string): KeyPair {
  const decoded = decodeSeed(seed);
  if (!decoded || decoded.kind === 'curve') throw new TypeError('not an nkey seed that signs');
  const memory = emptyPair();
  const raw = asBuffer(decoded.seed);
  sodium.crypto_sign_seed_keypair(memory.publicKey, memory.secretKey, raw);
  sodium.sodium_memzero(raw);
  return keyPair(decoded.kind, memory);
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

interface PairMemory {
  readonly publicKey: Buffer;
  readonly secretKey: Buffer;
  /** The first half of the secret key, where libsodium keeps the seed. */
  readonly seed: Buffer;
}

/** Memory of wiped pairs, for the next ones: memory outside the heap is slow to get and to give back. */
const spare: PairMemory[] = [];
const MOST_SPARE = 256;

function emptyPair(): PairMemory {
  return spare.pop() ?? allocatePair();
}

function allocatePair(): PairMemory {
  // Not from Node's shared pool: nothing else may lie beside a secret key. `sodium_malloc` would
  // guard it further, at several times the cost of the pair itself.
  const bytes = Buffer.allocUnsafeSlow(
    sodium.crypto_sign_PUBLICKEYBYTES + sodium.crypto_sign_SECRETKEYBYTES,
  );
  const secretKey = bytes.subarray(sodium.crypto_sign_PUBLICKEYBYTES);
  return {
    publicKey: bytes.subarray(0, sodium.crypto_sign_PUBLICKEYBYTES),
    secretKey,
    seed: secretKey.subarray(0, sodium.crypto_sign_SEEDBYTES),
  };
}

/** The memory is this pair's alone until it is wiped. */
function keyPair<Kind extends KeyKind>(kind: Kind, memory: PairMemory): KeyPair<Kind> {
  let kept: PairMemory | undefined = memory;
  const secret = (): PairMemory => {
    if (kept === undefined) throw new Error('the key pair was wiped');
    return kept;
  };
  return {
    kind,
    publicKey: encodePublicKey(kind, memory.publicKey),
    seed: () => encodeSeed(kind, secret().seed),
    sign(message) {
      const signature = Buffer.allocUnsafe(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, asBuffer(message), secret().secretKey);
      return signature;
    },
    wipe() {
      if (kept === undefined) return;
      sodium.sodium_memzero(kept.secretKey);
      if (spare.length < MOST_SPARE) spare.push(kept);
      kept = undefined;
    },
  };
}

/** The same bytes as a Buffer, which sodium-native's types ask for; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
