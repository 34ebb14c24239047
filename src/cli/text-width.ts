import { createRequire } from 'node:module';
import type stringWidthFunction from 'string-width';

const require = createRequire(import.meta.url);

/** Printable ASCII and the signs that commands print themselves: one column each. */
const PLAIN = /^[ -~→✓✗…]*$/;

/** Columns that a text takes at a terminal. Tables of Unicode are loaded at the first text that needs them. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  const { default: stringWidth }: { default: typeof stringWidthFunction } = require('string-width');
  return stringWidth(text);
}
