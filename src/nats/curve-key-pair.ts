import sodium from 'sodium-native';
import { asBuffer } from './key-pair.ts';
import {
  decodePublicKey,
  decodeSeed,
  encodePublicKey,
  encodeSeed,
  type PublicKey,
} from './nkeys.ts';

/** `X…` */
export type CurvePublicKey = PublicKey<'curve'>;

/**
 * An X25519 pair in NATS's spelling, and the boxes between two of them: what the reference library
 * nkeys calls an xkey, format `xkv1`.
 *
 *   "xkv1"(4) nonce(24) crypto_box(message)   (NaCl: X25519, XSalsa20, Poly1305)
 *
 * libsodium, because the reference library in JavaScript takes 0.9 ms for each box.
 */
export interface CurveKeyPair {
  readonly publicKey: CurvePublicKey;
  /** `SX…`. Secret. */
  readonly seed: () => string;
  /** A box that only `recipient` can open, and that only this pair can have made. */
  readonly seal: (message: Uint8Array, recipient: CurvePublicKey) => Buffer;
  /** What is in a box that `sender` made for this pair, or undefined for anything else. */
  readonly open: (box: Uint8Array, sender: CurvePublicKey) => Buffer | undefined;
}

const VERSION = Buffer.from('xkv1');
const HEAD_BYTES = VERSION.length + sodium.crypto_box_NONCEBYTES;

/** A new pair from the operating system's randomness. */
export function createCurveKeyPair(): CurveKeyPair {
  const secretKey = Buffer.allocUnsafeSlow(sodium.crypto_box_SECRETKEYBYTES);
  sodium.randombytes_buf(secretKey);
  return curveKeyPair(secretKey);
}

/** The pair of a seed (`SX…`). Throws when `seed` isn't one: check strangers' with `curvePublicKeyOfSeed`. */
export function curveKeyPairFromSeed(seed: string): CurveKeyPair {
  const decoded = decodeSeed(seed);
  if (decoded?.kind !== 'curve') throw new TypeError('not the seed of an xkey');
  // Not from Node's shared pool: nothing else may lie beside a secret key.
  const secretKey = Buffer.allocUnsafeSlow(sodium.crypto_box_SECRETKEYBYTES);
  secretKey.set(decoded.seed);
  decoded.seed.fill(0);
  return curveKeyPair(secretKey);
}

/** The public key that belongs to the seed of an xkey, or undefined when `seed` isn't one. */
export function curvePublicKeyOfSeed(seed: string): CurvePublicKey | undefined {
  return decodeSeed(seed)?.kind === 'curve' ? curveKeyPairFromSeed(seed).publicKey : undefined;
}

/** The nkey's seed is the secret key itself: X25519 derives nothing from it. */
function curveKeyPair(secretKey: Buffer): CurveKeyPair {
  const publicKey = Buffer.alloc(sodium.crypto_box_PUBLICKEYBYTES);
  sodium.crypto_scalarmult_base(publicKey, secretKey);
  return {
    publicKey: encodePublicKey('curve', publicKey),
    seed: () => encodeSeed('curve', secretKey),
    seal(message, recipient) {
      const box = Buffer.allocUnsafe(HEAD_BYTES + sodium.crypto_box_MACBYTES + message.length);
      box.set(VERSION);
      const nonce = box.subarray(VERSION.length, HEAD_BYTES);
      sodium.randombytes_buf(nonce);
      const sealed = box.subarray(HEAD_BYTES);
      sodium.crypto_box_easy(sealed, asBuffer(message), nonce, rawKey(recipient), secretKey);
      return box;
    },
    open(box, sender) {
      const bytes = asBuffer(box);
      if (bytes.length < HEAD_BYTES + sodium.crypto_box_MACBYTES) return undefined;
      if (!bytes.subarray(0, VERSION.length).equals(VERSION)) return undefined;
      const nonce = bytes.subarray(VERSION.length, HEAD_BYTES);
      const sealed = bytes.subarray(HEAD_BYTES);
      const message = Buffer.alloc(sealed.length - sodium.crypto_box_MACBYTES);
      const isOpen = sodium.crypto_box_open_easy(message, sealed, nonce, rawKey(sender), secretKey);
      return isOpen ? message : undefined;
    },
  };
}

function rawKey(key: CurvePublicKey): Buffer {
  const decoded = decodePublicKey(key);
  if (decoded?.kind !== 'curve') throw new TypeError('not the public key of an xkey');
  return asBuffer(decoded.key);
}
