import { expect, test } from 'vitest';
import { readDocument } from '../../src/config/document.ts';

function problems(text: string): string[] {
  return readDocument(text).problems.map(({ line, message }) => `${line ?? '-'}: ${message}`);
}

test('a key that stands twice is found on its line, and the rest is still read', () => {
  const document = readDocument('a: 1\nb: 2\na: 3\n');
  expect(document.problems).toEqual([
    { path: '', line: 3, message: 'this key stands here twice: keep one of them' },
  ]);
  expect(document.usable).toBe(true);
});

test('a tab is named as such', () => {
  expect(problems('a:\n\tb: 1\n').join()).toContain('2: is indented with a tab: use spaces');
});

test('a second document, an unknown tag and an unknown alias are refused', () => {
  expect(problems('a: 1\n---\nb: 2\n')).toEqual([
    '2: holds several YAML documents: keep one, without a second ---',
  ]);
  expect(problems('a: !secret x\n').join()).toContain('unknown tag');
  expect(problems('a: *none\n')).toHaveLength(1);
});

test('aliases that expand without measure are refused quickly', () => {
  const levels = Array.from({ length: 9 }, (_, n) =>
    n === 0 ? 'a0: &a0 [x,x,x,x,x,x,x,x,x]' : `a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`,
  );
  expect(problems(levels.join('\n'))).toEqual([
    '-: uses aliases that expand without measure: write the values out',
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
