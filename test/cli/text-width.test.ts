import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { textWidth } from '../../src/cli/text-width.ts';

test('a text is as wide as string-width says, whether that is loaded or not', () => {
  const signs = fc.constantFrom('→', '✓', '✗', '…', 'a', ' ', '、', '❤️', '\u200b');
  const texts = fc.oneof(
    fc.string(),
    fc.array(signs).map((all) => all.join('')),
  );
  fc.assert(fc.property(texts, (text) => textWidth(text) === stringWidth(text)));
  expect(textWidth('、')).toBe(2);
});
