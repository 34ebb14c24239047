import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/policy/compile.ts';
import { matchSchema } from '../../src/policy/match/grammar.ts';
import type { BindingSpec, RoleSpec } from '../../src/policy/policy.ts';
import { binding, identity, role } from './support.ts';

/** As the configuration is read: what cannot be a condition never gets to the compiler. */
const readMatch = (value: unknown) => matchSchema.safeParse(value).data ?? {};

const paths = (roles: readonly RoleSpec[], bindings: readonly BindingSpec[]) =>
  compilePolicy({ roles, bindings }).problems.map(({ path }) => path);

describe('compiling a policy', () => {
  test('tells every problem at once, with its path', () => {
    const broken = role('broken', {
      publish: { allow: ['ok', 'a..b'], deny: ['{{x}}'] },
      subscribe: { allow: ['a b c'], deny: [] },
      maxTtlSeconds: 0,
    });
    const bindings = [
      binding({ roles: ['broken', 'unknown'] }),
      binding({ match: { ref: [], sub: { regex: '(' } }, when: 'claims', roles: [] }),
      binding({ match: {} }),
    ];
    expect(paths([broken, role('reader'), role('reader')], bindings)).toEqual([
      'roles.broken.maxTtl',
      'roles.broken.publish.allow[1]',
      'roles.broken.publish.deny[0]',
      'roles.broken.subscribe.allow[0]',
      'roles.reader',
      'bindings[0].roles[1]',
      'bindings[1].match.ref',
      'bindings[1].match.sub.regex',
      'bindings[1].when',
      'bindings[1].roles',
      'bindings[2].match',
    ]);
  });

  test('a binding without any condition is refused, as it would let every identity of the issuer in', () => {
    const { policy, problems } = compilePolicy({
      roles: [role('reader')],
      bindings: [binding({ match: {} })],
    });
    expect(problems[0]?.message).toContain('every identity');
    expect(policy.decide(identity({ sub: 'x' }), {})).toHaveProperty('denial');
  });

  test('a binding with a problem grants nothing', () => {
    const half = binding({ match: { sub: 'x', ref: { regex: '(' } } });
    const { policy } = compilePolicy({ roles: [role('reader')], bindings: [half] });
    expect(policy.decide(identity({ sub: 'x' }), {})).toHaveProperty('denial');
  });

  test('never throws, whatever is written', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('reader', 'a.>', '{{claims.x}}', 'a b', '/a~', 'claims.x == 1', '__proto__'),
    );
    const json = fc.letrec<{ j: unknown }>((tie) => ({
      j: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('j'), { maxLength: 3 }),
        fc.dictionary(
          fc.oneof(text, fc.constantFrom('glob', 'regex', 'not', 'all', 'allow', 'deny')),
          tie('j'),
          { maxKeys: 3 },
        ),
      ),
    })).j;
    const loose = (shape: Record<string, fc.Arbitrary<unknown>>) =>
      fc.oneof(fc.record(shape, { requiredKeys: [] }), json);
    const roles = fc.array(
      loose({ name: text, account: json, publish: json, subscribe: json, maxTtlSeconds: json }),
      { maxLength: 3 },
    );
    const match = fc.oneof(
      json.map(readMatch),
      fc.dictionary(text, json, { maxKeys: 2 }).map(readMatch),
    );
    const bindings = fc.array(
      fc.record(
        {
          name: json,
          issuer: fc.oneof(fc.constant('github'), json),
          match,
          when: json,
          roles: fc.oneof(fc.constant(['reader']), json),
        },
        { requiredKeys: ['match'] },
      ),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(
        roles,
        bindings,
        fc.dictionary(fc.string(), fc.jsonValue()),
        (roles, bindings, claims) => {
          const { policy, problems } = compilePolicy({
            roles: [role('reader'), ...(roles as RoleSpec[])],
            bindings: bindings as BindingSpec[],
          });
          const who = identity(JSON.parse(JSON.stringify(claims)));
          policy.decide(who, {});
          policy.explain(who);
          expect(problems.every(({ path, message }) => path !== '' && message !== '')).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
