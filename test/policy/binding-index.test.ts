import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CompiledBinding, compileBinding, matches } from '../../src/policy/binding.ts';
import { indexBindings } from '../../src/policy/binding-index.ts';
import type { MatchSpec } from '../../src/policy/match/grammar.ts';
import type { BindingSpec } from '../../src/policy/policy.ts';
import { createWhenCompiler } from '../../src/policy/when/when.ts';
import { compileRole } from '../../src/policy/role.ts';
import { binding, granted, identity, policyOf, providerClaims, role } from './support.ts';

function compileAll(specs: readonly BindingSpec[]): CompiledBinding[] {
  const roles = new Map([['reader', compileRole(role('reader'), 'roles.reader', [])]]);
  const compileWhen = createWhenCompiler();
  return specs.flatMap((spec, position) => {
    const at = { position, path: `bindings[${position}]` };
    return compileBinding(spec, at, { roles, compileWhen, problems: [] }) ?? [];
  });
}

describe('the index', () => {
  const tenThousand = Array.from({ length: 10_000 }, (_, n) =>
    binding({
      name: `b${n}`,
      match: {
        repository_owner_id: '123456',
        repository_id: `${450_000 + n}`,
        ref: 'refs/heads/main',
      },
    }),
  );
  const who = identity(providerClaims('github-actions'));

  test('leaves of ten thousand bindings only those that share the rarest value', () => {
    const index = indexBindings(compileAll(tenThousand)).get('github');
    expect(index?.candidates(who).map(({ spec }) => spec.name)).toEqual(['b6789']);
  });

  test('leaves bindings without an equality and those of the same value, in file order', () => {
    const specs = [
      binding({ name: 'pattern', match: { ref: { glob: '*' } } }),
      binding({ name: 'other', match: { repository_id: '1' } }),
      binding({ name: 'any of', match: { repository_id: ['1', '456789', '456789'] } }),
      binding({ name: 'when', match: {}, when: 'claims.ref == "x"' }),
      binding({ name: 'not', match: { repository_id: { not: '1' } } }),
    ];
    const index = indexBindings(compileAll(specs)).get('github');
    expect(index?.candidates(who).map(({ spec }) => spec.name)).toEqual([
      'pattern',
      'any of',
      'when',
      'not',
    ]);
  });

  test('does not confuse values of different types', () => {
    const index = indexBindings(
      compileAll([binding({ match: { n: 42 } }), binding({ match: { n: true } })]),
    ).get('github');
    expect(index?.candidates(identity({ n: '42' }))).toEqual([]);
    expect(index?.candidates(identity({ n: 'true' }))).toEqual([]);
    expect(index?.candidates(identity({ n: [42] }))).toHaveLength(1);
  });

  test('finds what trying one binding after the other finds', () => {
    const scalar = fc.constantFrom('a', 'b', '1', 1, true);
    const spec: fc.Arbitrary<MatchSpec> = fc.oneof(
      scalar,
      fc.array(scalar, { minLength: 1, maxLength: 3 }),
      scalar.map((not) => ({ not })),
      fc.constant({ glob: 'a*' }),
      fc.constant({ all: ['a', 'b'] }),
    );
    const name = fc.constantFrom('x', 'y', '/z/0');
    const spread = fc
      .tuple(
        fc.dictionary(name, spec, { minKeys: 1, maxKeys: 3 }),
        fc.constantFrom('github', 'gitlab'),
      )
      .map(([match, issuer]) => binding({ match, issuer }));
    const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.constant(null));
    fc.assert(
      fc.property(
        fc.array(spread, { maxLength: 12 }),
        fc.dictionary(fc.constantFrom('x', 'y', 'z'), value),
        (specs, claims) => {
          const compiled = compileAll(specs);
          const somebody = identity(claims);
          const linear = compiled.filter((b) => b.spec.issuer === 'github' && matches(b, somebody));
          const indexed = (
            indexBindings(compiled).get('github')?.candidates(somebody) ?? []
          ).filter((b) => matches(b, somebody));
          expect(indexed.map((b) => b.position)).toEqual(linear.map((b) => b.position));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a denial among ten thousand traces few of them and still finds the nearest', () => {
    const policy = policyOf([role('reader')], tenThousand);
    const decision = policy.decide(
      identity({ ...who.claims, repository_id: '451000', ref: 'refs/heads/dev' }),
      {},
    );
    expect(decision).toMatchObject({ denial: { nearest: { binding: 'b1000' } } });
    expect(granted(policy.decide(who, {})).binding).toBe('b6789');
  });

  test('of equally close bindings, the earliest in the file is named', () => {
    const policy = policyOf(
      [role('reader')],
      [
        binding({ name: 'early', match: { c: '3' } }),
        ...Array.from({ length: 200 }, () => binding({ match: { d: '4', e: '5' } })),
        ...Array.from({ length: 100 }, () => binding({ match: { a: '1', b: '2' } })),
      ],
    );
    const decision = policy.decide(identity({ a: '1', b: 'x' }), {});
    expect(decision).toMatchObject({ denial: { nearest: { binding: 'early' } } });
  });
});
