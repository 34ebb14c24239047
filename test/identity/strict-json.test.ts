import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictObject } from '../../src/identity/strict-json.ts';

describe('strict JSON', () => {
  test.each([
    ['not JSON', '{"a":1', 'not_json'],
    ['a comment', '{"a":1/**/}', 'not_json'],
    ['a byte order mark', '\ufeff{}', 'not_json'],
    ['nothing', '', 'not_json'],
    ['a list', '[]', 'not_an_object'],
    ['null', 'null', 'not_an_object'],
    ['a string', '"{}"', 'not_an_object'],
    ['a name twice', '{"sub":"a","sub":"b"}', 'duplicate_name'],
    ['a name twice, spelled differently', '{"sub":"a","s\\u0075b":"b"}', 'duplicate_name'],
    ['a name twice, deep inside', '{"a":[{"b":{"c":1,"d":2,"c":1}}]}', 'duplicate_name'],
    ['a name twice, with blanks', '{"a" \n:1,"a"\t:\r2}', 'duplicate_name'],
    ['an empty name twice', '{"":1,"":2}', 'duplicate_name'],
    ['a name that ends in a backslash, twice', '{"a\\\\":1,"a\\\\":2}', 'duplicate_name'],
    ['a name that holds a quote, twice', '{"a\\"":1,"a\\"":2}', 'duplicate_name'],
    ['an index-like name twice', '{"1":1,"1":2}', 'duplicate_name'],
    ['__proto__', '{"__proto__":{"sub":"a"}}', 'forbidden_name'],
    ['__proto__, escaped and nested', '{"a":{"__pr\\u006fto__":1}}', 'forbidden_name'],
    ['an overflowing number', '{"exp":1e400}', 'number_out_of_range'],
    ['half a surrogate pair', '{"a":"\\ud800"}', 'unpaired_surrogate'],
    ['half a surrogate pair in a name', '{"\\udc00":1}', 'unpaired_surrogate'],
  ])('%s is refused', (_what, text, problem) => {
    expect(parseStrictObject(text)).toBe(problem);
  });

  test.each([
    '{}',
    '{"a":{"b":1},"c":{"b":1}}',
    '{"a":":","b":"\\":","c":"\\\\"}',
    '{"a":["x","y"],"b":"a"}',
    '{"a":"\\"b\\":1,\\"b\\":2"}',
    '{ "a" : 1 ,\r\n"b"\t: { "c"\n:2 } }',
    '{"constructor":1,"toString":2}',
    '{"a":"\\ud83d\\ude00"}',
  ])('%s is read', (text) => {
    expect(parseStrictObject(text)).toEqual(JSON.parse(text));
  });

  test('nesting is bounded at 32 levels', () => {
    const nested = (levels: number) => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);
    expect(parseStrictObject(nested(32))).toEqual(JSON.parse(nested(32)));
    expect(parseStrictObject(nested(33))).toBe('too_deep');
    expect(parseStrictObject(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)).toBe('too_deep');
  });

  test('the number of values is bounded at 4096', () => {
    const list = (length: number) => JSON.stringify({ a: Array.from({ length }, () => 1) });
    expect(parseStrictObject(list(4094))).toEqual(JSON.parse(list(4094)));
    expect(parseStrictObject(list(4095))).toBe('too_many_values');
  });

  test('reads whatever JSON.stringify writes, however spaced', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 5 })),
        fc.constantFrom('', ' ', '\n\t'),
        (object, space) => {
          const text = JSON.stringify(object, undefined, space);
          fc.pre(!text.includes('__proto__'));
          expect(parseStrictObject(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  test('finds any name that any object holds twice', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary-ascii' }), fc.jsonValue(), { minKeys: 1 }),
        fc.jsonValue(),
        fc.nat(),
        (object, value, pick) => {
          const names = Object.keys(object).filter((name) => name !== '__proto__');
          fc.pre(names.length > 0 && !JSON.stringify([object, value]).includes('__proto__'));
          const name = JSON.stringify(names[pick % names.length]);
          const text = `{"outer":[${JSON.stringify(object).slice(0, -1)},${name}:${JSON.stringify(value)}}]}`;
          expect(parseStrictObject(text)).toBe('duplicate_name');
        },
      ),
    );
  });

  test('any text is an object or a problem, never an exception', () => {
    const fragments = fc.array(
      fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', 'u0061', ' ', 'null'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fragments.map((f) => f.join('')),
        ),
        (text) => {
          expect(['string', 'object']).toContain(typeof parseStrictObject(text));
        },
      ),
    );
  });
});
