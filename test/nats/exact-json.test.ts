import { expect, test } from 'vitest';
import { numberOf, parseExactJson } from '../../src/nats/exact-json.ts';

test.each([
  ['{"a":9223372036854775807,"b":[-1,1.0,1e3,-0,0.1,12345678901234567890.5]}'],
  ['{"a":null,"b":"1.0","c":{"d":[true,false,""]}}'],
  ['[1,2.5,-7]'],
  ['18446744073709551615'],
])('%s comes out as it went in', (text) => {
  expect(JSON.stringify(parseExactJson(text))).toBe(text);
});

test('a number that JavaScript writes the same way is a number', () => {
  expect(parseExactJson('{"iat":1800000000}')).toEqual({ iat: 1_800_000_000 });
});

test.each([
  ['1800000000', 1_800_000_000],
  ['1e9', 1_000_000_000],
  ['9223372036854775807', 2 ** 63],
  ['"1"', Number.NaN],
  ['null', Number.NaN],
])('%s is the number %d', (text, number) => {
  expect(numberOf(parseExactJson(text))).toBe(number);
});

test('what is no JSON is thrown', () => {
  expect(() => parseExactJson('{')).toThrow(SyntaxError);
});
