import { decodeBase32, encodeBase32 } from './base32.ts';

/**
 * NATS's spelling of Ed25519 keys, and of the X25519 keys that seal auth callouts (NATS ADR-14 and the
 * reference library nkeys): a prefix that says what the key is for, 32 bytes, and a CRC16, in base32.
 *
 *   public key  prefix(1) key(32) crc(2)   56 characters, `O…` `A…` `U…` `N…` `C…` `X…`
 *   seed        prefix(2) key(32) crc(2)   58 characters, `SO…` `SA…` `SU…` `SN…` `SC…` `SX…`
 *
 * Parsing is strict: a key has exactly one spelling. Lower case, spaces, a wrong checksum or stray
 * bits are refused.
 */

/** What a key is for, with the byte whose first five bits spell the leading letter. */
const PREFIX = {
  operator: 14 << 3, // O
  account: 0 << 3, // A
  user: 20 << 3, // U
  server: 13 << 3, // N
  cluster: 2 << 3, // C
  curve: 23 << 3, // X
} as const;

const KINDS: ReadonlyMap<number, NkeyKind> = new Map([
  [PREFIX.operator, 'operator'],
  [PREFIX.account, 'account'],
  [PREFIX.user, 'user'],
  [PREFIX.server, 'server'],
  [PREFIX.cluster, 'cluster'],
  [PREFIX.curve, 'curve'],
]);

/** The first five bits of every seed spell `S`. */
const SEED_PREFIX = 18 << 3;

const KEY_BYTES = 32;
const CRC_BYTES = 2;
const PUBLIC_KEY_CHARACTERS = 56;
const SEED_CHARACTERS = 58;

export type NkeyKind = keyof typeof PREFIX;
/** Keys that sign: all but X25519 keys. */
export type KeyKind = Exclude<NkeyKind, 'curve'>;

declare const brand: unique symbol;
/** A public nkey that was checked: a string that can't be taken for one of another kind. */
export type PublicKey<Kind extends NkeyKind = KeyKind> = string & { readonly [brand]: Kind };
/** `U…` */
export type UserPublicKey = PublicKey<'user'>;

/** Spells a public key. `key` is the raw public key, 32 bytes; any other length is a fault. */
export function encodePublicKey<Kind extends NkeyKind>(
  kind: Kind,
  key: Uint8Array,
): PublicKey<Kind> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand comes from
  return encode([PREFIX[kind]], key) as PublicKey<Kind>;
}

/** Spells a seed. Secret. `seed` is the raw Ed25519 seed (RFC 8032 §5.1.5) or X25519 secret key, 32 bytes. */
export function encodeSeed(kind: NkeyKind, seed: Uint8Array): string {
  // The kind's five significant bits straddle the two bytes, so that it shows as the second letter.
  const prefix = PREFIX[kind];
  return encode([SEED_PREFIX | (prefix >> 5), (prefix & 31) << 3], seed);
}

/** `text` as a public key of this kind, or undefined when it isn't one. */
export function parsePublicKey<Kind extends NkeyKind>(
  kind: Kind,
  text: string,
): PublicKey<Kind> | undefined {
  return isPublicKey(kind, text) ? text : undefined;
}

/** Whether `text` is a public key of this kind, checksum included. */
export function isPublicKey<Kind extends NkeyKind>(
  kind: Kind,
  text: string,
): text is PublicKey<Kind> {
  return decodePublicKey(text)?.kind === kind;
}

/** What `text` is the public key of: its kind and the raw public key, or undefined. */
export function decodePublicKey(text: string): { kind: NkeyKind; key: Uint8Array } | undefined {
  if (text.length !== PUBLIC_KEY_CHARACTERS) return undefined;
  const bytes = decodeChecked(text);
  const kind = bytes && KINDS.get(bytes.readUInt8(0));
  return kind && { kind, key: bytes.subarray(1, 1 + KEY_BYTES) };
}

/** What `text` is the seed of: its kind and the raw seed (secret), or undefined. */
export function decodeSeed(text: string): { kind: NkeyKind; seed: Uint8Array } | undefined {
  if (text.length !== SEED_CHARACTERS) return undefined;
  const bytes = decodeChecked(text);
  if (!bytes) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if ((first & 0b1111_1000) !== SEED_PREFIX || (second & 0b111) !== 0) return undefined;
  const kind = KINDS.get(((first & 0b111) << 5) | (second >> 3));
  return kind && { kind, seed: bytes.subarray(2, 2 + KEY_BYTES) };
}

function encode(prefix: readonly number[], key: Uint8Array): string {
  if (key.length !== KEY_BYTES) throw new RangeError(`a raw nkey has ${KEY_BYTES} bytes`);
  const end = prefix.length + KEY_BYTES;
  const bytes = prefix.length === 1 ? ONE_BYTE_PREFIX : TWO_BYTE_PREFIX;
  for (let at = 0; at < prefix.length; at++) bytes[at] = prefix[at] ?? 0;
  bytes.set(key, prefix.length);
  const crc = crc16(bytes, end);
  bytes[end] = crc & 0xff;
  bytes[end + 1] = crc >> 8;
  const text = encodeBase32(bytes);
  bytes.fill(0); // may have held a seed
  return text;
}

/** Empty but while `encode` runs. */
const ONE_BYTE_PREFIX = new Uint8Array(1 + KEY_BYTES + CRC_BYTES);
const TWO_BYTE_PREFIX = new Uint8Array(2 + KEY_BYTES + CRC_BYTES);

function decodeChecked(text: string): Buffer | undefined {
  const bytes = decodeBase32(text);
  if (!bytes) return undefined;
  const end = bytes.length - CRC_BYTES;
  return crc16(bytes, end) === bytes.readUInt16LE(end) ? bytes : undefined;
}

/** CRC-16/XMODEM: polynomial 0x1021, no reflection, starting from 0. */
const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** Of the bytes before `end`. */
function crc16(bytes: Uint8Array, end: number): number {
  let crc = 0;
  for (let at = 0; at < end; at++) {
    crc = ((crc << 8) & 0xffff) ^ (CRC_TABLE[(crc >> 8) ^ (bytes[at] ?? 0)] ?? 0);
  }
  return crc;
}
