import * as fc from 'fast-check';

/** Characters that mean something to a terminal, to YAML or to JSON. */
const TRICKY = [
  ...Array.from(
    '\u0000\u0007\t\n\r\u001b\u007f\u0085\u009b\u00a0\u061c\u200e\u2028\u2029\u202e\u2066\ufeff',
  ),
  ...Array.from(' "\'\\#:-?,[]{}&*!|>%@`~=/'),
  '\ud800',
  'true',
  '名',
  '🪪',
];

/** Untrusted text: anything, with many tricky characters. */
export function strangersText(constraints: fc.StringConstraints = {}): fc.Arbitrary<string> {
  const unit = fc.oneof(
    { arbitrary: fc.constantFrom(...TRICKY), weight: 2 },
    { arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), weight: 1 },
    { arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }), weight: 1 },
  );
  return fc.string({ ...constraints, unit });
}
