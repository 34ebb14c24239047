/**
 * A text as it came: UTF-8, or UTF-16 where a byte order mark or the first two bytes say so (JSON
 * begins with an ASCII character), without the mark.
 *
 * @throws TypeError with `fatal` when bytes are not text of that encoding; otherwise they are replaced.
 */
export function decodeText(bytes: Uint8Array, { fatal = false } = {}): string {
  return new TextDecoder(encodingOf(bytes), { fatal }).decode(bytes);
}

function encodingOf({ 0: first, 1: second }: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0 && isAscii(second)) return 'utf-16be';
  if (second === 0 && isAscii(first)) return 'utf-16le';
  return 'utf-8';
}

function isAscii(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0 && byte < 0x80;
}
