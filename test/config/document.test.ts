import { describe, expect, test } from 'vitest';
import { readDocument } from '../../src/config/document.ts';

function problems(text: string): string[] {
  return readDocument(text).problems.map(({ line, message }) => `${line ?? '-'}: ${message}`);
}

test('a duplicate key is reported with its line, and the rest is still read', () => {
  const document = readDocument('a: 1\nb: 2\na: 3\n');
  expect(document.problems).toEqual([
    { path: '', line: 3, message: 'this key appears twice: keep one of them' },
  ]);
  expect(document.usable).toBe(true);
});

test('a tab is named as such', () => {
  expect(problems('a:\n\tb: 1\n').join()).toContain('2: is indented with a tab: use spaces');
});

test('a second document, an unknown tag and an unknown alias are refused', () => {
  expect(problems('a: 1\n---\nb: 2\n')).toEqual([
    '2: contains several YAML documents: keep one, without a second ---',
  ]);
  expect(problems('a: !secret x\n').join()).toContain('tag is unknown');
  expect(problems('a: *none\n')).toHaveLength(1);
});

test('aliases that expand without measure are refused quickly', () => {
  const levels = Array.from({ length: 9 }, (_, n) =>
    n === 0 ? 'a0: &a0 [x,x,x,x,x,x,x,x,x]' : `a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`,
  );
  expect(problems(levels.join('\n'))).toEqual([
    '-: has aliases that expand to too many values: write the values out',
  ]);
});

test('nesting without end is refused, not a fault', () => {
  expect(problems('['.repeat(200_000))).not.toEqual([]);
  expect(problems('{a: '.repeat(100_000))).not.toEqual([]);
});

test('no message quotes the file', () => {
  for (const text of [
    '"SUSECRET',
    'a: SUSECRET: b',
    '@SUSECRET',
    'a: *SUSECRET',
    '!SUSECRET x',
    ']SUSECRET',
  ]) {
    expect(problems(text)).not.toEqual([]);
    expect(problems(text).join()).not.toContain('SUSECRET');
  }
});

test.for([
  ['bindings[1].match.kubernetes.io', 6],
  ['bindings[1].match./a/b', 7],
  ['bindings[1].match./a/b[0]', 8],
  ['bindings[1]', 4],
  ['bindings[1].nowhere.at.all', 4],
  ['bindings', 2],
  ['nowhere', undefined],
] as const)('the line of %s is %s', ([path, line]) => {
  const document = readDocument(`
bindings:
  - name: one
  - name: two
    match:
      kubernetes.io: x
      /a/b:
        - y
`);
  expect(document.lineOf(path)).toBe(line);
});

describe('for a file that is not YAML, the first cause is reported, and not what follows from it', () => {
  test.each([
    ['one tab', 'a:\n  b: 1\n\tc: 2\n', '3 is indented with a tab: use spaces'],
    [
      'two tabs',
      'a:\n  b:\n  \tc: 1\n  \td: 2\n',
      '3 is indented with a tab, as is line 4: use spaces',
    ],
    [
      'tabs only',
      'a:\n\tb: 1\n\tc:\n\t\td: 1\n',
      '2 is indented with a tab, as are 2 more lines: use spaces',
    ],
    [
      'a tab in a flow list',
      'a: [\n\t1,\n\t2 ]\nb: 1\n',
      '2 is indented with a tab, as is line 3: use spaces',
    ],
    ['a tab in a quoted text', 'a: "one\n\ttwo"\nb: 1\n', '2 is indented with a tab: use spaces'],
    [
      'a tab deep inside',
      'a:\n  b:\n    c: 1\n\t\td: 2\n    e: { x: 1 }\n',
      '4 is indented with a tab: use spaces',
    ],
    ['a tab after a dash', 'a:\n  -\tname: x\n    b: y\n', '2 is indented with a tab: use spaces'],
    [
      'a missing colon',
      'a:\n  APP\n    b: 1\n    c: 2\n',
      '2 a key and its colon must be on one line: join the lines',
    ],
    [
      'a bracket that is not closed',
      'a: [1, 2\nb: 1\nc: 2\nd: [\n',
      '2 the indentation does not match the lines around it: align them',
    ],
  ])('%s', (_, text, problem) => {
    const { usable, problems } = readDocument(text);
    expect(usable).toBe(false);
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([problem]);
  });

  test('tabs elsewhere are fine', () => {
    expect(readDocument('a:\tx # \tc\nb:\n\t# d\n  c:\t1\n')).toMatchObject({
      usable: true,
      problems: [],
      value: { a: 'x', b: { c: 1 } },
    });
  });
});
