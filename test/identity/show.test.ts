import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { show, showAll, showSeconds } from '../../src/identity/show.ts';

describe('what a message repeats of a token', () => {
  test('is short, quoted and printable ASCII, whatever the token holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(show(text)).toMatch(/^"[\x20-\x7e]{0,100}"$/);
        expect(show(text).slice(1, -1)).not.toMatch(/["\\<>]/);
      }),
    );
  });

  test('names lists and objects by their form only', () => {
    expect([show(['a']), show({ a: 1 }), show(null), show(1), show(undefined)]).toEqual([
      'a list',
      'an object',
      '"null"',
      '"1"',
      'nothing',
    ]);
  });

  test('counts what it does not list', () => {
    expect(showAll(['a', 'b'])).toBe('"a", "b"');
    expect(showAll(['1', '2', '3', '4', '5', '6', '7'])).toBe('"1", "2", "3", "4", "5" and 2 more');
  });

  test.each([
    [1, '1 second'],
    [90, '90 seconds'],
    [300, '5 minutes'],
    [7200, '2 hours'],
    [31_536_000, '365 days'],
    [-5, '0 seconds'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(showSeconds(seconds)).toBe(text);
  });
});
