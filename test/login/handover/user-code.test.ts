import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newUserCode, readUserCode, showUserCode } from '../../../src/login/handover/user-code.ts';

const letter = fc.constantFrom(...Array.from('BCDFGHJKLMNPQRSTVWXZ'));
const userCode = fc
  .array(letter, { minLength: 8, maxLength: 8 })
  .map((letters) => letters.join(''));
/** What people put between letters: blanks, hyphens and dashes, what copying brings along. */
const noise = fc.array(fc.constantFrom(' ', '-', '\t', '\u00A0', '\u2010', '\u2013', '\u200B'), {
  maxLength: 3,
});

describe('a user code (RFC 8628 §6.1)', () => {
  test('is eight letters without vowels, Y and digits, shown in two halves', () => {
    for (let count = 0; count < 200; count += 1) {
      const code = newUserCode();
      expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
      expect(showUserCode(code)).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
      expect(readUserCode(showUserCode(code))).toBe(code);
    }
  });

  test('uses every letter of its alphabet', () => {
    const letters = new Set(Array.from({ length: 500 }, newUserCode).join(''));
    expect(letters.size).toBe(20);
  });

  test('is read whatever the case, blanks and hyphens', () => {
    const typed = fc.tuple(userCode, fc.array(fc.tuple(noise, fc.boolean()), { minLength: 9 }));
    fc.assert(
      fc.property(typed, ([code, around]) => {
        const text = Array.from(code, (letter, place) => {
          const [before, lower] = around[place]!;
          return before.join('') + (lower ? letter.toLowerCase() : letter);
        });
        expect(readUserCode(text.join('') + around[8]![0].join(''))).toBe(code);
      }),
    );
  });

  test('with a letter too few, too many or foreign is none', () => {
    const foreign = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 });
    const other = foreign.filter(
      (text) => !/^[\s\p{Pd}\p{Cf}BCDFGHJKLMNPQRSTVWXZſ]*$/iu.test(text),
    );
    fc.assert(
      fc.property(userCode, letter, other, fc.nat(7), (code, more, stranger, place) => {
        const without = code.slice(0, place) + code.slice(place + 1);
        expect(readUserCode(without)).toBeUndefined();
        expect(readUserCode(code + more)).toBeUndefined();
        expect(readUserCode(without + stranger)).toBeUndefined();
      }),
    );
  });

  test.each(['', 'BCDFGHJ', 'BCDFGHJKL', 'ACDFGHJK', 'BCDF_GHJK', 'BCDFGHJ0', '-'.repeat(1000)])(
    '%j is none',
    (typed) => {
      expect(readUserCode(typed)).toBeUndefined();
    },
  );
});
