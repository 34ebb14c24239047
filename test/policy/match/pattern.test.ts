import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkAnchored,
  compileGlob,
  compileRegex,
  type Pattern,
} from '../../../src/policy/match/pattern.ts';

function compiled(pattern: Pattern | string): Pattern {
  if (typeof pattern === 'string') throw new Error(pattern);
  return pattern;
}
const glob = (pattern: string) => compiled(compileGlob(pattern));
const regex = (pattern: string) => compiled(compileRegex(pattern));

describe('a glob', () => {
  test.each([
    ['repo:acme/*', 'repo:acme/orders:ref:refs/heads/main', true],
    ['repo:acme/*', 'xrepo:acme/orders', false],
    ['*', '', true],
    ['*', 'a\nb', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', true],
    ['a?c', 'ac', false],
    ['?', '\u{1f600}', true],
    ['*.ab', 'x.a.ab', true],
    ['a.c', 'abc', false],
    ['(a|b)[c]', '(a|b)[c]', true],
    ['main', 'main2', false],
    ['main', 'amain', false],
  ])('%j on %j: %j', (pattern, text, fits) => {
    expect(glob(pattern)(text)).toBe(fits);
  });

  test('agrees with the same pattern written as a regular expression', () => {
    const unit = fc.constantFrom('a', 'b', '/', '*', '?', '.');
    fc.assert(
      fc.property(
        fc.string({ unit, minLength: 1, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '\n'), maxLength: 10 }),
        (pattern, text) => {
          const quoted = pattern.replaceAll(
            /[.*?/]/g,
            (c) => ({ '*': '[^]*', '?': '[^]' })[c] ?? `\\${c}`,
          );
          expect(glob(pattern)(text)).toBe(new RegExp(`^(?:${quoted})$`, 'u').test(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('that would make a backtracker despair comes to an end', () => {
    expect(glob(`${'a*'.repeat(120)}b`)('a'.repeat(16_000))).toBe(false);
  });

  test('is refused where it is empty or too long', () => {
    expect(compileGlob('')).toContain('empty');
    expect(compileGlob('a'.repeat(513))).toContain('longer than 512');
  });
});

describe('a regex', () => {
  test('fits whole texts only, whatever alternatives it has', () => {
    expect(regex('a|b')('a')).toBe(true);
    expect(regex('a|b')('aEVIL')).toBe(false);
    expect(regex('a|b')('EVILb')).toBe(false);
    expect(regex('(?m)a$')('a\nEVIL')).toBe(false);
    expect(regex('a')('a\n')).toBe(false);
  });

  test.each(['a)|(b', '(', 'a)', '\\', '[', '(?=a)', '\\1', '(?P<x', '\\Qa', 'a{1001}', '', '*'])(
    '%j is refused',
    (pattern) => expect(typeof compileRegex(pattern)).toBe('string'),
  );

  test('is refused where its repetitions unroll into too much', () => {
    expect(compileRegex('((a{100}){100})')).toContain('regex');
    expect(compileRegex('(?:a{900}){1}b{900}c{900}')).toContain('too large');
  });

  test('agrees with the whole-string match of JavaScript', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '(?:a|b)',
      'a*',
      'b+',
      'a?',
      '|',
      'a{2}',
      '^',
      '$',
    );
    fc.assert(
      fc.property(
        fc.array(atom, { minLength: 1, maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 }),
        (atoms, text) => {
          const pattern = atoms.join('');
          expect(regex(pattern)(text)).toBe(new RegExp(`^(?:${pattern})$`).test(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each(['(a+)+$', '(a|a)*', '(a|aa)+', '(.*a){12}', '(x+x+)+y', '(a*)*b'])(
    '%j, which makes backtrackers despair, comes to an end',
    (pattern) => expect(typeof regex(pattern)(`${'a'.repeat(16_000)}!`)).toBe('boolean'),
  );
});

describe('a pattern for matches()', () => {
  test.each([
    '^a$',
    '^(?:a|b)$',
    '^[|$]$',
    '^a\\|b$',
    '^(a|(b|c))d$',
    '^\\\\$',
    '^[]|]$',
    '^[^]|]$',
  ])('%j says that it means the whole text', (pattern) =>
    expect(checkAnchored(pattern)).toBeUndefined(),
  );

  test.each([
    'a',
    '^a',
    'a$',
    '^a|b$',
    '^(?:a)|(?:b)$',
    '^a\\$',
    '^\\(|\\)$',
    '^\\Qa$',
    '^[[:alpha:]]|b$',
    '^*main$',
    '^{0}main$',
    '^(?m)refs/heads/main$',
    '^(?im:a)$',
  ])('%j does not', (pattern) => expect(checkAnchored(pattern)).toBeDefined());
});
