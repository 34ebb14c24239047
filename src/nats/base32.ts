/** Base32 without padding (RFC 4648 §6): the alphabet of nkeys and of a NATS JWT's `jti`. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Character code → 0…31, or 255 for a character outside the alphabet (lower case included). */
const VALUES = new Uint8Array(256).fill(255);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

const CODES = Buffer.from(ALPHABET, 'latin1');

/** Room for all that is encoded on the way to a credential. */
const SCRATCH = Buffer.alloc(64);

export function encodeBase32(bytes: Uint8Array): string {
  const length = Math.ceil((bytes.length * 8) / 5);
  const text = length <= SCRATCH.length ? SCRATCH : Buffer.alloc(length);
  let written = 0;
  let pending = 0;
  let bits = 0;
  for (let at = 0; at < bytes.length; at++) {
    // At most 4 + 8 bits are pending, so the sum never leaves 32-bit integers.
    pending = ((pending << 8) | (bytes[at] ?? 0)) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text[written++] = CODES[(pending >>> bits) & 31] ?? 0;
    }
  }
  if (bits > 0) text[written++] = CODES[(pending << (5 - bits)) & 31] ?? 0;
  return text.toString('latin1', 0, written);
}

/**
 * The one byte string that encodes to `text`, or undefined: padding, lower case, lengths that no
 * byte string has, and unused bits that are set (§3.5) are refused, so no value has two spellings.
 */
export function decodeBase32(text: string): Buffer | undefined {
  const length = Math.floor((text.length * 5) / 8);
  if (Math.ceil((length * 8) / 5) !== text.length) return undefined;
  const bytes = Buffer.alloc(length);
  let written = 0;
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? 255;
    if (value === 255) return undefined;
    pending = ((pending << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[written++] = pending >>> bits;
    }
  }
  const unused = pending & ((1 << bits) - 1);
  return unused === 0 ? bytes : undefined;
}
