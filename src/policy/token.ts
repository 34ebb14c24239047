/** Maximum length of a value in a subject, in characters. */
const MAX_TOKEN_LENGTH = 256;

const PLAIN_TOKEN = /^(?!\$)[!-~]+$/;
const NOT_IN_A_TOKEN = /[.*>{}"\\]/;
const KEPT = /^[a-z0-9_-]$/;
const ENCODED = /^(?:[a-z0-9_-]|=[0-9a-f]{2})*$/;

/**
 * Whether `value` is one plain subject token: printable ASCII without spaces, `.`, `*`, `>`, braces,
 * quotes, and backslashes, not beginning with `$` (NATS reserves `$SYS`, `$JS`, …).
 *
 * NATS inserts tags and names into subjects unchanged (a value of `*` widens the permission, dots add
 * tokens), so nothing else may reach a subject, a tag, or a template.
 */
export function isPlainToken(value: string): boolean {
  return value.length <= MAX_TOKEN_LENGTH && PLAIN_TOKEN.test(value) && !NOT_IN_A_TOKEN.test(value);
}

/**
 * What `| token` makes of a value: `[a-z0-9_-]` stay, every other byte of its UTF-8 form becomes
 * `=` and two lower-case hexadecimal digits. Different values give different tokens, and the result
 * has no upper-case letters, because NATS lower-cases tags. Lone surrogates, which are possible in JSON but
 * not in UTF-8, become the three bytes that they would have.
 *
 * `jane@example.com` → `jane=40example=2ecom`.
 */
export function encodeToken(value: string): string {
  let encoded = '';
  let from = 0;
  for (let at = 0; at < value.length; at++) {
    const ascii = ENCODED_ASCII[value.charCodeAt(at)];
    if (ascii?.length === 1) continue;
    const char = ascii === undefined ? String.fromCodePoint(value.codePointAt(at) ?? 0) : ' ';
    encoded += value.slice(from, at) + (ascii ?? spelledOut(char));
    at += char.length - 1;
    from = at + 1;
  }
  return encoded + value.slice(from);
}

/** The encoding of each ASCII character, precomputed because nearly all values are ASCII. */
const ENCODED_ASCII: readonly string[] = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return KEPT.test(char) ? char : spelledOut(char);
});

function spelledOut(char: string): string {
  return bytesOf(char)
    .map((byte) => `=${byte.toString(16).padStart(2, '0')}`)
    .join('');
}

/** The value that `encodeToken` encoded; undefined for what it never returns. */
export function decodeToken(token: string): string | undefined {
  if (!ENCODED.test(token)) return undefined;
  const value = token.replaceAll(/(?:=[0-9a-f]{2})+/g, (run) =>
    textOf(Buffer.from(run.replaceAll('=', ''), 'hex')),
  );
  // Only the canonical form: not `=61` for "a", and no broken UTF-8.
  return encodeToken(value) === token ? value : undefined;
}

/** UTF-8, where a lone surrogate is encoded as if it were a character (WTF-8). */
function bytesOf(char: string): number[] {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0xd800 || code > 0xdfff) return [...Buffer.from(char)];
  return [0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
}

function textOf(bytes: Buffer): string {
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    // In UTF-8 0xED is never followed by more than 0x9F (RFC 3629 §4).
    if (first !== 0xed || second < 0xa0) continue;
    const surrogate = String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
    text += bytes.toString('utf8', from, at) + surrogate;
    from = at + 3;
    at += 2;
  }
  return text + bytes.toString('utf8', from);
}
