import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/identity/identity.ts';
import type { Problem } from '../../../src/errors.ts';
import { matchSchema, type MatchSpec, type MatchValue } from '../../../src/policy/match/grammar.ts';
import { compileMatch } from '../../../src/policy/match/match.ts';
import { binding, identity, meets, policyOf, role } from '../support.ts';

describe('match', () => {
  test('a scalar is equality, strictly typed', () => {
    expect(meets({ id: '42' }, { id: '42' })).toBe(true);
    expect(meets({ id: '42' }, { id: 42 })).toBe(false);
    expect(meets({ id: 42 }, { id: '42' })).toBe(false);
    expect(meets({ ok: true }, { ok: 'true' })).toBe(false);
    expect(meets({ ok: 'true' }, { ok: true })).toBe(false);
    expect(meets({ n: 1 }, { n: 1.5 })).toBe(false);
    expect(meets({ n: 0 }, { n: false })).toBe(false);
    expect(meets({ s: '' }, { s: null })).toBe(false);
  });

  test('a list is any of its values', () => {
    expect(meets({ env: ['prod', 'staging'] }, { env: 'staging' })).toBe(true);
    expect(meets({ env: ['prod', 'staging'] }, { env: 'dev' })).toBe(false);
    expect(meets({ env: ['prod', { glob: 'dev-*' }] }, { env: 'dev-1' })).toBe(true);
    expect(meets({ n: [1, 2] }, { n: '1' })).toBe(false);
  });

  test('a claim that is a list matches when any element does', () => {
    expect(meets({ groups: 'ops' }, { groups: ['dev', 'ops'] })).toBe(true);
    expect(meets({ groups: ['ops', 'admin'] }, { groups: ['dev', 'admin'] })).toBe(true);
    expect(meets({ groups: { glob: 'o*' } }, { groups: ['dev', 'ops'] })).toBe(true);
    expect(meets({ groups: 'ops' }, { groups: [['ops']] })).toBe(false);
    expect(meets({ groups: 'ops' }, { groups: [] })).toBe(false);
    expect(meets({ groups: 'ops' }, { groups: { ops: true } })).toBe(false);
  });

  test('{all} demands every one', () => {
    expect(meets({ groups: { all: ['a', 'b'] } }, { groups: ['b', 'c', 'a'] })).toBe(true);
    expect(meets({ groups: { all: ['a', 'b'] } }, { groups: ['a', 'c'] })).toBe(false);
    expect(meets({ groups: { all: ['a', { not: 'x' }] } }, { groups: ['a', 'x'] })).toBe(false);
    expect(meets({ sub: { all: [{ glob: 'a*' }, { glob: '*b' }] } }, { sub: 'a-b' })).toBe(true);
  });

  test('{not} requires a claim, and of a list that no element matches', () => {
    expect(meets({ ref: { not: 'main' } }, { ref: 'dev' })).toBe(true);
    expect(meets({ ref: { not: 'main' } }, { ref: 'main' })).toBe(false);
    expect(meets({ ref: { not: ['main', { glob: 'rel-*' }] } }, { ref: 'rel-1' })).toBe(false);
    expect(meets({ groups: { not: 'guest' } }, { groups: ['a', 'guest'] })).toBe(false);
    expect(meets({ groups: { not: 'guest' } }, { groups: ['a', 'b'] })).toBe(true);
    expect(meets({ ref: { not: { regex: 'm.*' } } }, { ref: 'main' })).toBe(false);
  });

  test('{glob} and {regex} fit texts only', () => {
    expect(meets({ n: { glob: '*' } }, { n: 42 })).toBe(false);
    expect(meets({ n: { regex: '.*' } }, { n: true })).toBe(false);
    expect(meets({ n: { regex: '[0-9]+' } }, { n: '42' })).toBe(true);
  });

  test('claim names are whole names, or JSON Pointers when they begin with a slash', () => {
    const claims = {
      'kubernetes.io': { namespace: 'orders' },
      'cognito:groups': ['a'],
      'https://x/roles': ['r'],
    };
    expect(meets({ '/kubernetes.io/namespace': 'orders' }, claims)).toBe(true);
    expect(meets({ 'cognito:groups': 'a' }, claims)).toBe(true);
    expect(meets({ 'https://x/roles': 'r' }, claims)).toBe(true);
    expect(meets({ '/https:~1~1x~1roles': 'r' }, claims)).toBe(true);
    expect(meets({ '/cognito:groups/0': 'a' }, claims)).toBe(true);
    expect(meets({ 'kubernetes.io.namespace': 'orders' }, claims)).toBe(false);
  });

  test('finds nothing inherited', () => {
    for (const name of [
      'constructor',
      '__proto__',
      'toString',
      '/constructor/name',
      '/list/length',
    ]) {
      expect(meets({ [name]: { not: 'x' } }, { list: ['a'] })).toBe(false);
    }
    expect(meets({ list: { not: 'x' } }, { list: ['a'] })).toBe(true);
  });

  test('says in the trace what was seen and that a type is another', () => {
    const policy = policyOf(
      [role('reader')],
      [binding({ match: { id: [42, 43], ref: { not: { glob: 'm*' } } } })],
    );
    const [trace] = policy.explain(identity({ id: '42' }));
    expect(trace?.conditions).toEqual([
      {
        on: 'id',
        expected: 'any of 42, 43',
        seen: '42',
        held: false,
        note: 'the token has a string, but the binding requires a number',
      },
      {
        on: 'ref',
        expected: 'not like "m*"',
        seen: undefined,
        held: false,
        note: 'the claim is missing or null, and never matches',
      },
    ]);
  });
});

describe('match against the plainest possible matcher', () => {
  const scalar = fc.constantFrom('a', 'b', 'ab', '1', 'true', 1, 2, true, false);
  const glob = fc.constantFrom('a*', '*b', '*', 'a').map((text) => ({ glob: text }));
  const value: fc.Arbitrary<MatchValue> = fc.letrec<{ value: MatchValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalar,
      glob,
      fc
        .oneof(tie('value'), fc.array(tie('value'), { minLength: 1, maxLength: 2 }))
        .map((not) => ({ not })),
    ),
  })).value;
  const spec: fc.Arbitrary<MatchSpec> = fc.oneof(
    value,
    fc.array(value, { minLength: 1, maxLength: 3 }),
    fc.array(value, { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
  );
  const claim: fc.Arbitrary<Json | undefined> = fc.oneof(
    scalar,
    fc.constant(null),
    fc.constant(undefined),
    fc.constant({ a: 'a' }),
    fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }),
  );

  function oracle(spec: MatchSpec, seen: Json): boolean {
    if (Array.isArray(spec)) return spec.some((one: MatchValue) => oracle(one, seen));
    if (typeof spec === 'object') {
      if ('all' in spec) return spec.all.every((one) => oracle(one, seen));
      if ('not' in spec) return !oracle(spec.not, seen);
    }
    const elements = Array.isArray(seen) ? seen : [seen];
    if (typeof spec !== 'object') return elements.includes(spec);
    const start = 'glob' in spec ? spec.glob : '';
    return elements.some((e) => {
      if (typeof e !== 'string') return false;
      if (start === 'a*') return e.startsWith('a');
      if (start === '*b') return e.endsWith('b');
      return start === '*' || e === start;
    });
  }

  test('they agree', () => {
    fc.assert(
      fc.property(spec, claim, (spec, seen) => {
        const expected = seen !== undefined && seen !== null && oracle(spec, seen);
        expect(meets({ x: spec }, seen === undefined ? {} : { x: seen })).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

/** What is wrong with a condition as written: in its form, else in what it says. */
function problemsOf(key: string, spec: unknown): Problem[] {
  const read = matchSchema.safeParse({ [key]: spec });
  if (!read.success) {
    return read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  }
  const problems: Problem[] = [];
  for (const [claim, spec] of Object.entries(read.data)) compileMatch(claim, spec, claim, problems);
  return problems;
}

describe('a match that says nothing sensible', () => {
  test.each<[string, unknown, string]>([
    ['ref', [], 'empty'],
    ['ref', { all: [] }, 'empty'],
    ['ref', { not: [] }, 'empty'],
    ['ref', null, 'write a value'],
    ['ref', { glob: 'a', regex: 'b' }, 'only one'],
    ['ref', {}, 'write a value'],
    ['ref', { startsWith: 'a' }, 'unknown key'],
    ['ref', { glob: 7 }, 'in quotes'],
    ['ref', { regex: '(' }, 'regex'],
    ['ref', { all: 'a' }, 'a list'],
    ['ref', [['a']], 'list inside a list'],
    ['ref', Array.from({ length: 1001 }, String), '1000'],
    ['ref', Number.NaN, 'exact'],
    ['ref', 2 ** 53, 'exact'],
    [
      'ref',
      { not: { not: { not: { not: { not: { not: { not: { not: { not: { not: 'a' } } } } } } } } } },
      'deep',
    ],
    ['', 'a', 'no name'],
    ['/a~2', 'a', '~0'],
  ])('%j: %j is refused', (key, spec, problem) => {
    const [found] = problemsOf(key, spec);
    expect(found?.path).toMatch(new RegExp(`^${key}`));
    expect(found?.message).toContain(problem);
  });

  test('names the place inside a list', () => {
    const spec = ['a', { glob: '' }, { not: ['b', { regex: '(' }] }];
    expect(problemsOf('ref', spec).map(({ path }) => path)).toEqual([
      'ref[1].glob',
      'ref[2].not[1].regex',
    ]);
  });
});
