import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFiles } from '../../src/config/files.ts';
import { createFindings } from '../../src/config/findings.ts';
import { resolveReferences } from '../../src/config/references.ts';
import { configDirectory } from './fixture.ts';

function resolve(tree: unknown, env: Record<string, string> = {}, directory = '/nowhere') {
  const findings = createFindings();
  const files = createFiles();
  const resolved = resolveReferences(tree, { directory, env, files, findings });
  return {
    ...resolved,
    problems: findings.problems.map(({ path, message }) => `${path}: ${message}`),
    warned: findings.warnings.map(({ path, message }) => `${path}: ${message}`),
  };
}

test('an environment variable is replaced by its value in place of any scalar', () => {
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

test('a file is replaced by its text', () => {
  using directory = configDirectory();
  const file = directory.write('text', 'two\nlines');
  const { value, files } = resolve({ a: { file: './text' } }, {}, directory.path);
  expect(value).toEqual({ a: 'two\nlines' });
  expect(files).toEqual([file]);
});

describe('whitespace at the ends of a value', () => {
  const padded = ['value', 'value\n', 'value\r\n', '\nvalue \n\n', ' value\t', '\u{feff}value'];

  test.for(padded)('of a file or a variable goes: %j', (text) => {
    using directory = configDirectory();
    directory.write('file', text);
    const tree = { nats: { a: { file: 'file' } }, issuers: { i: { audience: [{ env: 'A' }] } } };
    const { value, problems, warned } = resolve(tree, { A: text }, directory.path);
    expect([problems, warned]).toEqual([[], []]);
    expect(value).toEqual({ nats: { a: 'value' }, issuers: { i: { audience: ['value'] } } });
  });

  const secretAt = (clientSecret: unknown) => ({ issuers: { i: { login: { clientSecret } } } });
  const matchAt = (sub: unknown) => ({ bindings: [{ match: { sub } }] });

  test.for(['value\n', 'value\r\n', '\nvalue\n\n'])(
    'line breaks go also from client secrets and claims to match: %j',
    (text) => {
      for (const of of [secretAt, matchAt]) {
        const { value, warned } = resolve(of({ env: 'A' }), { A: text });
        expect([value, warned]).toEqual([of('value'), []]);
      }
    },
  );

  test('a space may belong to a client secret, a claim, or what is written in the configuration: it stays, and is named', () => {
    using directory = configDirectory();
    directory.write('secret', 'value \n');
    const fromFile = resolve(secretAt({ file: 'secret' }), {}, directory.path);
    expect(fromFile.value).toEqual(secretAt('value '));
    expect(fromFile.warned).toEqual([
      expect.stringMatching(
        /^issuers\.i\.login\.clientSecret: the file .*secret begins or ends with whitespace/,
      ),
    ]);
    const literal = resolve(matchAt([' value']));
    expect(literal.value).toEqual(matchAt([' value']));
    expect(literal.warned).toEqual([
      expect.stringMatching(
        /^bindings\[0\]\.match\.sub\[0\]: this text begins or ends with whitespace/,
      ),
    ]);
    for (const found of [...fromFile.warned, ...literal.warned])
      expect(found).not.toContain('value ');
  });

  test.for([' ', '\n', ' \n '])('a value of nothing else is empty: %j', (text) => {
    expect(resolve({ a: { env: 'A' } }, { A: text }).problems).toEqual([
      'a: the environment variable A is empty',
    ]);
  });
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
  writeFileSync(join(directory.path, 'binary'), new Uint8Array([0xff, 0xff]));
  const { problems } = resolve({ a: { file: name } }, {}, directory.path);
  expect(problems).toEqual([expect.stringContaining(message)]);
});

test('a mapping of both env and file is neither', () => {
  expect(resolve({ a: { env: 'A', file: 'b' } }).problems).toEqual([
    'a: has both env and file: write either {env: NAME} or {file: path}',
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
  expect(resolve(tree).problems).toEqual([
    'bindings[0].match: the name __proto__ is not allowed: choose another',
  ]);
});

test('a number that JavaScript cannot represent exactly is refused, not rounded', () => {
  expect(resolve({ a: 2 ** 60, b: Number.NaN, c: 42, d: 1.5 }).problems).toEqual([
    'a: is a number too large to be exact: put it in quotes',
    'b: is a number too large to be exact: put it in quotes',
  ]);
});

test('a cycle made of anchors ends in a problem', () => {
  const cycle: Record<string, unknown> = {};
  cycle['again'] = [cycle, cycle, cycle];
  expect(resolve(cycle).problems.length).toBeGreaterThan(0);
});
