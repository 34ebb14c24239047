import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCode, issuerSaid } from '../../../src/login/sign-in/issuer-text.ts';

describe('what an issuer said', () => {
  test('is passed on unchanged, for the page to escape', () => {
    expect(issuerSaid('<b>No</b> & "never"')).toBe('<b>No</b> & "never"');
  });

  test('is one line without characters that change the text direction', () => {
    expect(issuerSaid(' a\r\n\tb\u0000c\u202ed\u2028e\u200b ')).toBe('a b c d e');
  });

  test('is undefined if nothing is left', () => {
    expect(issuerSaid(undefined)).toBeUndefined();
    expect(issuerSaid('')).toBeUndefined();
    expect(issuerSaid('\n\u202e')).toBeUndefined();
  });

  test('is at most 300 characters of valid Unicode, whatever came', () => {
    expect(issuerSaid('x'.repeat(300))).toBe('x'.repeat(300));
    expect(issuerSaid('x'.repeat(301))).toBe(`${'x'.repeat(299)}…`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700, size: 'max' }), (text) => {
        const said = issuerSaid(text) ?? '';
        expect(said.length).toBeLessThanOrEqual(300);
        expect(said.isWellFormed()).toBe(true);
        expect(said).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
    expect(issuerSaid('🙂'.repeat(200))!.isWellFormed()).toBe(true);
  });
});

test('an error code is logged only if it looks like one', () => {
  expect(errorCode('invalid_grant')).toBe('invalid_grant');
  for (const text of ['Bearer abc', '', 'a\nb', 'x'.repeat(61), 'eyJhbGciOiJSUzI1NiJ9']) {
    expect(errorCode(text)).toBe('a nonstandard error');
  }
});
