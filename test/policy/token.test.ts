import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeToken, encodeToken, isPlainToken } from '../../src/policy/token.ts';

/** Any string at all, lone surrogates included. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)),
});

describe('a plain subject token', () => {
  test.each(['orders', 'a-b_c', 'Repo/Name:1@x', '0', '~!#%&()+,;<=?[]^`|$'])('is %j', (value) => {
    expect(isPlainToken(value.replace(/\$$/, ''))).toBe(true);
  });

  test.each([
    '',
    '.',
    'a.b',
    '*',
    'a*',
    '>',
    'a>',
    'a b',
    '\t',
    'a\n',
    '{{x}}',
    '}',
    '"',
    'a\\b',
    '$SYS',
    'é',
    '\u{1f600}',
    '\0',
    '\x7f',
    'a'.repeat(257),
  ])('is not %j', (value) => {
    expect(isPlainToken(value)).toBe(false);
  });
});

describe('| token', () => {
  test('keeps a-z, 0-9, _ and - and writes every other byte as =xx', () => {
    expect(encodeToken('jane@example.com')).toBe('jane=40example=2ecom');
    expect(encodeToken('A=*.>é')).toBe('=41=3d=2a=2e=3e=c3=a9');
  });

  test('can be undone for every text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(decodeToken(encodeToken(text))).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeToken(encodeToken(text))).toBe(text);
      }),
    );
  });

  test('never makes the same token of two texts', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => (encodeToken(a) === encodeToken(b)) === (a === b)),
    );
    expect(encodeToken('\ud800')).not.toBe(encodeToken('\ufffd'));
  });

  test('makes lower-case plain tokens only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (text) => {
        const token = encodeToken(text);
        expect(isPlainToken(token)).toBe(true);
        expect(token).toBe(token.toLowerCase());
      }),
    );
  });

  test.each([
    '=61',
    '=2E',
    '=2',
    '=',
    'A',
    'a b',
    '=ff',
    '=c3',
    '=c0=80',
    '=ed=a0=bd=ed=b8=80',
    '=gg',
  ])('does not decode %j, which it never makes', (token) =>
    expect(decodeToken(token)).toBeUndefined(),
  );

  test('decodes only what it makes', () => {
    const nearly = fc.string({ unit: fc.constantFrom('=', 'e', 'd', 'a', '0', '4', 'z', '-') });
    fc.assert(
      fc.property(nearly, (token) => {
        const value = decodeToken(token);
        expect(value === undefined || encodeToken(value) === token).toBe(true);
      }),
    );
  });
});
