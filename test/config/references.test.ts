import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFindings } from '../../src/config/findings.ts';
import { resolveReferences } from '../../src/config/references.ts';
import { configDirectory } from './fixture.ts';

function resolve(tree: unknown, env: Record<string, string> = {}, directory = '/nowhere') {
  const findings = createFindings();
  const resolved = resolveReferences(tree, { directory, env, findings });
  return {
    ...resolved,
    problems: findings.problems.map(({ path, message }) => `${path}: ${message}`),
  };
}

test('an environment variable stands for its value, wherever a scalar may stand', () => {
  const { value, origins } = resolve(
    { contact: { env: 'A' }, roles: { r: { publish: { allow: [{ env: 'B' }] } } } },
    { A: 'ops', B: 'orders.>' },
  );
  expect(value).toEqual({ contact: 'ops', roles: { r: { publish: { allow: ['orders.>'] } } } });
  expect(origins.get('roles.r.publish.allow[0]')).toEqual({ env: 'B' });
});

test('a variable that is unset or empty is named', () => {
  expect(resolve({ a: { env: 'NONE' }, b: { env: 'BLANK' } }, { BLANK: '' }).problems).toEqual([
    'a: the environment variable NONE is not set',
    'b: the environment variable BLANK is empty',
  ]);
});

test('a variable is never taken from the prototype', () => {
  expect(resolve({ a: { env: 'toString' } }).problems).toHaveLength(1);
});

test('a file stands for its text without the newline at its end, and only that one', () => {
  using directory = configDirectory();
  const file = directory.write('secret', ' two\nlines \n\n');
  const { value, files } = resolve({ a: { file: './secret' } }, {}, directory.path);
  expect(value).toEqual({ a: ' two\nlines \n' });
  expect(files).toEqual([file]);
});

test.for([
  ['missing', 'does not exist'],
  ['.', 'is not a regular file'],
  ['/dev/zero', 'is not a regular file'],
  ['empty', 'is empty'],
  ['binary', 'is not UTF-8 text'],
] as const)('the file %s is named with what is wrong: it %s', ([name, message]) => {
  using directory = configDirectory();
  directory.write('empty', '\n');
  writeFileSync(join(directory.path, 'binary'), new Uint8Array([0xff, 0xfe]));
  const { problems } = resolve({ a: { file: name } }, {}, directory.path);
  expect(problems).toEqual([expect.stringContaining(message)]);
});

test('a mapping of both env and file is neither', () => {
  expect(resolve({ a: { env: 'A', file: 'b' } }).problems).toEqual([
    'a: give either {env: NAME} or {file: path}, not both',
  ]);
});

test('env and file are names like any other where the operator chooses the names', () => {
  const tree = {
    roles: { env: { account: 'x' } },
    bindings: [{ match: { env: '7334523a' } }, { match: { file: 'x' } }],
  };
  expect(resolve(tree)).toMatchObject({ value: tree, problems: [] });
});

test('the name __proto__ is refused, so that no condition is lost on it', () => {
  const tree: unknown = JSON.parse('{"bindings":[{"match":{"__proto__":"x","sub":"y"}}]}');
  expect(resolve(tree).problems).toEqual(['bindings[0].match: the name __proto__ can not be used']);
});

test('a number that JavaScript can not hold exactly is refused, not rounded', () => {
  expect(resolve({ a: 2 ** 60, b: Number.NaN, c: 42, d: 1.5 }).problems).toEqual([
    'a: is a number that can not be held exactly: put it in quotes',
    'b: is a number that can not be held exactly: put it in quotes',
  ]);
});

test('a cycle made of anchors ends in a problem', () => {
  const cycle: Record<string, unknown> = {};
  cycle['again'] = [cycle, cycle, cycle];
  expect(resolve(cycle).problems.length).toBeGreaterThan(0);
});
