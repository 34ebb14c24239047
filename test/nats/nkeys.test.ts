import { createCurve, createPair, fromPublic, fromSeed, Prefix } from '@nats-io/nkeys';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase32, encodeBase32 } from '../../src/nats/base32.ts';
import {
  decodePublicKey,
  decodeSeed,
  encodePublicKey,
  encodeSeed,
  isPublicKey,
  type NkeyKind,
  parsePublicKey,
} from '../../src/nats/nkeys.ts';

const KINDS: readonly NkeyKind[] = ['operator', 'account', 'user', 'server', 'cluster', 'curve'];
const REFERENCE_PREFIX = {
  operator: Prefix.Operator,
  account: Prefix.Account,
  user: Prefix.User,
  server: Prefix.Server,
  cluster: Prefix.Cluster,
  curve: Prefix.Curve,
} as const;

const kind = fc.constantFrom(...KINDS);
const raw = fc.uint8Array({ minLength: 32, maxLength: 32 });
const printable = fc.constantFrom(
  ...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)),
);

/** `text` with one character replaced by another. */
const oneCharacterOff = (text: string) =>
  fc
    .tuple(fc.nat(text.length - 1), printable)
    .filter(([at, character]) => text[at] !== character)
    .map(([at, character]) => text.slice(0, at) + character + text.slice(at + 1));

describe('base32', () => {
  test('spells the test vectors of RFC 4648 §10 without their padding', () => {
    const vectors = ['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI'];
    const spelled = vectors.map((_, length) =>
      encodeBase32(Buffer.from('foobar'.slice(0, length))),
    );
    expect(spelled).toEqual(vectors);
  });

  test('reads back whatever bytes it spells', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(decodeBase32(encodeBase32(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('gives every byte string one spelling: another last character reads as nothing or as other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const text = encodeBase32(bytes);
        const others = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
          .split('')
          .filter((c) => c !== text.at(-1));
        const readings = others.map((last) => decodeBase32(text.slice(0, -1) + last));
        expect(readings).not.toContainEqual(Buffer.from(bytes));
      }),
    );
  });

  test.each(['my', 'MY======', 'M', 'MZX', 'MZ', 'M1', 'M\u0158', ' MY'])('refuses %j', (text) => {
    expect(decodeBase32(text)).toBeUndefined();
  });
});

describe('a public key', () => {
  test.each(KINDS)('of kind %s that the reference library made is read', (kind) => {
    const publicKey = createPair(REFERENCE_PREFIX[kind]).getPublicKey();
    expect(decodePublicKey(publicKey)?.kind).toBe(kind);
  });

  test('that we spell is a key to the reference library, and reads back', () => {
    fc.assert(
      fc.property(kind, raw, (kind, key) => {
        const text = encodePublicKey(kind, key);
        expect(fromPublic(text).getPublicKey()).toBe(text);
        expect(decodePublicKey(text)).toEqual({ kind, key: Buffer.from(key) });
      }),
    );
  });

  test('with any one character changed is refused', () => {
    const changed = fc
      .tuple(kind, raw)
      .chain(([kind, key]) => oneCharacterOff(encodePublicKey(kind, key)));
    fc.assert(
      fc.property(changed, (text) => {
        expect(decodePublicKey(text)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('is a key of its own kind only', () => {
    const text = encodePublicKey('account', new Uint8Array(32));
    expect(KINDS.filter((kind) => isPublicKey(kind, text))).toEqual(['account']);
    expect(parsePublicKey('account', text)).toBe(text);
    expect(parsePublicKey('user', text)).toBeUndefined();
  });

  test('with something around it, cut short, in lower case or of another kind of nkey is refused', () => {
    const text = encodePublicKey('user', new Uint8Array(32).fill(7));
    const unknown = new TextDecoder().decode(createCurve().getPrivateKey());
    const seed = encodeSeed('user', new Uint8Array(32).fill(7));
    const variants = [
      ` ${text}`,
      `${text}\n`,
      text.slice(0, -1),
      text.toLowerCase(),
      `${text}=`,
      '',
      unknown,
      seed,
    ];
    expect(variants.filter((variant) => decodePublicKey(variant))).toEqual([]);
  });

  test('of a strange length is a fault, not a key', () => {
    expect(() => encodePublicKey('user', new Uint8Array(31))).toThrow(RangeError);
  });
});

describe('a seed', () => {
  test('that we spell is the same to the reference library, and reads back', () => {
    fc.assert(
      fc.property(kind, raw, (kind, seed) => {
        const text = encodeSeed(kind, seed);
        expect(text[0]).toBe('S');
        expect(new TextDecoder().decode(fromSeed(Buffer.from(text)).getSeed())).toBe(text);
        expect(decodeSeed(text)).toEqual({ kind, seed: Buffer.from(seed) });
      }),
      { numRuns: 30 },
    );
  });

  test('with any one character changed is refused', () => {
    const changed = fc
      .tuple(kind, raw)
      .chain(([kind, seed]) => oneCharacterOff(encodeSeed(kind, seed)));
    fc.assert(
      fc.property(changed, (text) => {
        expect(decodeSeed(text)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('with stray bits beside its prefix is refused, though its checksum is right', () => {
    const bytes = decodeBase32(encodeSeed('user', new Uint8Array(32).fill(7)))!;
    bytes.writeUInt8(bytes.readUInt8(1) | 1, 1);
    bytes.writeUInt16LE(crc16(bytes.subarray(0, -2)), bytes.length - 2);
    expect(decodeSeed(encodeBase32(bytes))).toBeUndefined();
    bytes.writeUInt8(bytes.readUInt8(1) & ~1, 1);
    bytes.writeUInt16LE(crc16(bytes.subarray(0, -2)), bytes.length - 2);
    expect(decodeSeed(encodeBase32(bytes))?.kind).toBe('user');
  });

  test('is no public key, and a public key no seed', () => {
    expect(decodeSeed(encodePublicKey('user', new Uint8Array(32)))).toBeUndefined();
    expect(decodePublicKey(encodeSeed('user', new Uint8Array(32)))).toBeUndefined();
  });
});

/** CRC-16/XMODEM, bit by bit. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
    }
  }
  return crc;
}
