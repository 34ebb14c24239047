import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claims, Identity, Json } from '../../src/identity/identity.ts';
import type { Decision } from '../../src/policy/policy.ts';
import { binding, denied, granted, identity, policyOf, role } from './support.ts';

function decideWith(
  allow: string[],
  claims: Claims,
  more: Partial<Identity> = {},
  deny: string[] = [],
): Decision {
  const reader = role('reader', { publish: { allow, deny } });
  const policy = policyOf([reader], [binding({ match: { ok: true } })]);
  return policy.decide(identity({ ok: true, ...claims }, more), {});
}

const filled = (allow: string[], claims: Claims, more: Partial<Identity> = {}) =>
  granted(decideWith(allow, claims, more)).publish.allow;
const reasonFor = (allow: string[], claims: Claims, deny: string[] = []) =>
  denied(decideWith(allow, claims, {}, deny)).refusal.reason;

describe('templates', () => {
  test('take claims, members of claims, the subject and the issuer', () => {
    const claims = { id: '7', 'kubernetes.io': { namespace: 'orders' }, a: { b: { c: 'x' } } };
    const templates = [
      'a.{{claims.id}}.>',
      '{{claims["kubernetes.io"].namespace}}.*',
      'q.{{claims.a.b["c"]}}-{{claims.id}}',
      '{{issuer}}.{{subject}}',
    ];
    expect(filled(templates, claims)).toEqual(['a.7.>', 'orders.*', 'q.x-7', 'github.somebody']);
  });

  test('take whole numbers, true and false as texts', () => {
    expect(filled(['a.{{claims.n}}.{{claims.m}}.{{claims.b}}'], { n: 42, m: -1, b: true })).toEqual(
      ['a.42.-1.true'],
    );
  });

  test('encode what is not a plain token if the operator says so', () => {
    const claims = { repo: 'Acme/orders.v2', n: -5 };
    expect(filled(['a.{{claims.repo | token}}.{{claims.n|token}}'], claims)).toEqual([
      'a.=41cme=2forders=2ev2.-5',
    ]);
    expect(filled(['a.{{subject|token}}'], {}, { subject: 'a b' })).toEqual(['a.a=20b']);
  });

  test('multiply with a list, and a claim used twice has the same value at both places', () => {
    const claims = { g: ['x', 'y', 'x'], h: ['1', '2'] };
    expect(filled(['a.{{claims.g}}'], claims)).toEqual(['a.x', 'a.y']);
    expect(filled(['{{claims.g}}.{{claims.g}}'], claims)).toEqual(['x.x', 'y.y']);
    const nine = 'abcdefghi'.split('');
    expect(filled(['{{claims.g}}.{{claims.g}}'], { g: nine })).toEqual(
      nine.map((v) => `${v}.${v}`),
    );
    expect(filled(['{{claims.g}}.{{claims.h}}'], claims)).toEqual(['x.1', 'x.2', 'y.1', 'y.2']);
  });

  test('multiply into no more than 64 subjects in all', () => {
    const list = (n: number) => Array.from({ length: n }, (_, i) => `v${i}`);
    expect(filled(['a.{{claims.g}}'], { g: list(64) })).toHaveLength(64);
    expect(reasonFor(['a.{{claims.g}}'], { g: list(65) })).toBe('template_value_unsafe');
    expect(reasonFor(['a.{{claims.g}}', 'b.{{claims.g}}'], { g: list(33) })).toBe(
      'template_value_unsafe',
    );
    expect(reasonFor(['a.{{claims.g}}'], { g: list(33) }, ['b.{{claims.g}}'])).toBe(
      'template_value_unsafe',
    );
    expect(reasonFor(['{{claims.g}}.{{claims.h}}'], { g: list(9), h: list(8) })).toBe(
      'template_value_unsafe',
    );
    expect(filled(['{{claims.g}}.{{claims.h}}'], { g: list(8), h: list(8) })).toHaveLength(64);
    expect(
      filled(
        Array.from({ length: 100 }, (_, n) => `s${n}.{{claims.g}}`),
        { g: 'one' },
      ),
    ).toHaveLength(100);
  });

  test.each<Json>([
    'a.b',
    '*',
    '>',
    'a b',
    '',
    '{{x}}',
    '$SYS',
    '"',
    '\\',
    'é',
    '\n',
    'a'.repeat(257),
    1.5,
    2 ** 53,
    {},
    [],
    ['a', '*'],
    [['a']],
    ['a', null],
  ])('a value of %j is a denial, in allow and in deny', (value) => {
    expect(reasonFor(['a.{{claims.v}}.>'], { v: value })).toBe('template_value_unsafe');
    expect(reasonFor(['a.>'], { v: value }, ['a.{{claims.v}}.>'])).toBe('template_value_unsafe');
  });

  test.each<Json>(['', {}, [], 1.5, ['a', ''], 'é'.repeat(100), 'A'.repeat(86)])(
    'even encoded, a value of %j is a denial',
    (value) => {
      expect(reasonFor(['a.{{claims.v | token}}'], { v: value })).toBe('template_value_unsafe');
    },
  );

  test('a missing claim is a denial, in allow and in deny', () => {
    expect(reasonFor(['fine.>', 'a.{{claims.gone}}'], {})).toBe('template_claim_missing');
    expect(reasonFor(['fine.>'], {}, ['a.{{claims.gone}}'])).toBe('template_claim_missing');
    expect(reasonFor(['a.{{claims.o.gone | token}}'], { o: {} })).toBe('template_claim_missing');
    expect(reasonFor(['a.{{claims.constructor}}'], {})).toBe('template_claim_missing');
    expect(reasonFor(['a.{{claims.list.length}}'], { list: ['a'] })).toBe('template_claim_missing');
  });

  test('the denial names the claim and the way out, never the value', () => {
    const { refusal } = denied(decideWith(['a.{{claims.mail}}'], { mail: 'jane@x.example' }));
    expect(refusal.message).toContain('claims.mail');
    expect(refusal.message).toContain('{{claims.mail | token}}');
    expect(`${refusal.message}${refusal.detail}`).not.toContain('jane');
    expect(denied(decideWith(['a.{{claims.gone}}'], {})).refusal.message).toContain('claims.gone');
  });

  test('a value never begins a subject with "_", where everyone\'s answers are', () => {
    expect(reasonFor(['{{claims.v}}.>'], { v: '_INBOX' })).toBe('template_value_unsafe');
    expect(filled(['a.{{claims.v}}.>', '{{claims.v | token}}.>'], { v: '_INBOX' })).toEqual([
      'a._INBOX.>',
      '_=49=4e=42=4f=58.>',
    ]);
  });

  test('an unverified email reaches no subject', () => {
    const templates = ['user.{{claims.email | token}}.>'];
    expect(reasonFor(templates, { email: 'a@b' })).toBe('template_value_unsafe');
    expect(reasonFor(templates, { email: 'a@b', email_verified: 'true' })).toBe(
      'template_value_unsafe',
    );
    expect(filled(templates, { email: 'a@b', email_verified: true })).toEqual(['user.a=40b.>']);
  });

  test('roles without templates share one frozen rules object', () => {
    const policy = policyOf([role('reader')], [binding({ match: { ok: true } })]);
    const one = granted(policy.decide(identity({ ok: true, n: 1 }), {}));
    const two = granted(policy.decide(identity({ ok: true, n: 2 }), {}));
    expect(one.publish).toBe(two.publish);
    expect(one.subscribe).toBe(two.subscribe);
    expect(Object.isFrozen(one.publish) && Object.isFrozen(one.publish.allow)).toBe(true);
    const mixed = role('reader', { publish: { allow: ['{{claims.n}}'], deny: [] } });
    const templated = policyOf([mixed], [binding({ match: { ok: true } })]);
    expect(granted(templated.decide(identity({ ok: true, n: 1 }), {})).subscribe).toBe(
      granted(templated.decide(identity({ ok: true, n: 2 }), {})).subscribe,
    );
  });
});

describe('templates, whatever the token says', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('a', '.', '*', '>', ' ', '$', '{', '}', '_', '\n', 'é', 'Z', '|', '"'),
  });
  const value: fc.Arbitrary<Json> = fc.oneof(
    nasty,
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.array(nasty, { maxLength: 4 }),
    fc.constant(null),
  );
  const template = fc
    .array(
      fc.constantFrom(
        'a',
        '*',
        '{{claims.x}}',
        '{{claims.x | token}}',
        'pre-{{claims.y}}',
        '{{claims.y|token}}{{claims.x}}',
        '{{subject}}',
        '{{subject|token}}',
        '{{issuer}}',
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((tokens) => tokens.join('.'));

  test('every subject has as many tokens, and as many wildcards, as its template', () => {
    fc.assert(
      fc.property(template, value, value, nasty, (text, x, y, subject) => {
        const decision = decideWith([text], JSON.parse(JSON.stringify({ x, y })), { subject });
        for (const filled of 'grant' in decision ? decision.grant.publish.allow : []) {
          expect(shape(filled)).toEqual(shape(text.replaceAll(/\{\{[^}]*\}\}/g, 'x')));
          expect(filled).toMatch(/^(?!\$)[!-~]+$/);
          expect(filled).not.toMatch(/[{}"\\]/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  /** Which tokens there are: a wildcard, another one, or an empty one. */
  function shape(subject: string): string[] {
    return subject.split('.').map((token) => token.replace(/^[^*>]+$/, 'x'));
  }
});
