import { describe, expect, test } from 'vitest';
import { checkWhen } from '../../src/policy/when/when.ts';
import type { MatchSpec } from '../../src/policy/match/grammar.ts';
import type { BindingSpec } from '../../src/policy/policy.ts';
import { binding, denied, granted, identity, meets, policyOf, role } from './support.ts';

/** One test for each rule that the policy keeps; the rooms' own tests go further. */
describe('rules that broken systems left us', () => {
  const holds = (spec: Partial<BindingSpec>, claims: Parameters<typeof identity>[0]) =>
    'grant' in
    policyOf([role('reader')], [binding({ match: {}, ...spec })]).decide(identity(claims), {});

  test('patterns are wrapped in ^(?:…)$ after being compiled alone (octo-sts, Fulcio CVE-2026-22772)', () => {
    expect(meets({ sub: { regex: 'a|b' } }, { sub: 'aEVIL' })).toBe(false);
    expect(meets({ sub: { regex: 'a|b' } }, { sub: 'EVILb' })).toBe(false);
    expect(meets({ sub: { regex: 'a|b' } }, { sub: 'b' })).toBe(true);
    expect(() => meets({ sub: { regex: 'a)|(?:b' } }, { sub: 'a' })).toThrow('regex');
    expect(meets({ sub: { glob: 'repo:acme/*' } }, { sub: 'evil-repo:acme/x' })).toBe(false);
    expect(checkWhen('claims.sub.matches("a|b")')).toBeDefined();
    expect(checkWhen('claims.sub.matches("^a|b$")')).toBeDefined();
  });

  test('patterns run in linear time', () => {
    expect(meets({ sub: { regex: '(a+)+b' } }, { sub: 'a'.repeat(16_000) })).toBe(false);
    expect(meets({ sub: { glob: '*a*a*a*a*a*a*b' } }, { sub: 'a'.repeat(16_000) })).toBe(false);
    expect(holds({ when: 'claims.sub.matches("^(a+)+b$")' }, { sub: 'a'.repeat(16_000) })).toBe(
      false,
    );
  });

  test('a missing claim never matches, in no construct, negated ones included (step-ca)', () => {
    const specs: MatchSpec[] = [
      'x',
      ['x', 'y'],
      { glob: '*' },
      { regex: '.*' },
      { not: 'x' },
      { not: { not: 'x' } },
      { not: ['x'] },
      { all: [{ not: 'x' }] },
      [{ not: 'x' }],
    ];
    for (const spec of specs) {
      expect(meets({ gone: spec }, {})).toBe(false);
      expect(meets({ gone: spec }, { gone: null })).toBe(false);
      expect(meets({ '/o/gone': spec }, { o: {} })).toBe(false);
    }
    for (const when of [
      'claims.gone != "x"',
      '!has(claims.gone)',
      'claims.gone == 1 || true',
      'true ? true : claims.gone',
    ]) {
      expect(holds({ when }, { sub: 'x' })).toBe(false);
    }
  });

  test('comparison is strictly typed: "42" is not 42, "true" is not true (Vault, OpenBao)', () => {
    expect(meets({ n: 42 }, { n: '42' })).toBe(false);
    expect(meets({ n: '42' }, { n: 42 })).toBe(false);
    expect(meets({ n: true }, { n: 'true' })).toBe(false);
    expect(meets({ n: [1, 2] }, { n: 1.9 })).toBe(false);
    expect(holds({ when: 'claims.n == 42' }, { n: '42' })).toBe(false);
    expect(holds({ when: 'claims.n == "42"' }, { n: 42 })).toBe(false);
    expect(holds({ when: 'claims.n' }, { n: 'true' })).toBe(false);
  });

  test('every condition of a binding must hold (nats-iam-broker)', () => {
    const all = { match: { a: '1', b: '2' }, when: 'claims.c == "3"' };
    expect(holds(all, { a: '1', b: '2', c: '3' })).toBe(true);
    expect(holds(all, { a: 'x', b: '2', c: '3' })).toBe(false);
    expect(holds(all, { a: '1', b: 'x', c: '3' })).toBe(false);
    expect(holds(all, { a: '1', b: '2', c: 'x' })).toBe(false);
  });

  test('a binding on email also demands email_verified: true (nOAuth, oauthenticator CVE-2022-31027)', () => {
    const email = 'jane@example.com';
    for (const spec of [
      { match: { email } },
      { match: { '/email': email } },
      { when: `claims.email == "${email}"` },
      { match: { email: { not: 'x' } } },
    ]) {
      expect(holds(spec, { email, email_verified: true })).toBe(true);
      expect(holds(spec, { email })).toBe(false);
      expect(holds(spec, { email, email_verified: false })).toBe(false);
      expect(holds(spec, { email, email_verified: 'true' })).toBe(false);
    }
    expect(holds({ match: { emails: email } }, { emails: email })).toBe(true);
  });

  test('groups overage is refused with a reason of its own when the policy looks at groups', () => {
    const policy = policyOf([role('reader')], [binding({ match: { groups: { not: 'guests' } } })]);
    const left = identity({
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'http://127.0.0.1:9/' } },
    });
    expect(denied(policy.decide(left, {})).refusal.reason).toBe('groups_overage');
  });

  test('no binding, no credential', () => {
    expect(
      denied(policyOf([role('reader')], []).decide(identity({ sub: 'x' }), {})).refusal.reason,
    ).toBe('no_binding');
  });

  test('a binding speaks for its own issuer only', () => {
    const policy = policyOf([role('reader')], [binding({ issuer: 'gitlab', match: { sub: 'x' } })]);
    expect(denied(policy.decide(identity({ sub: 'x' }), {})).refusal.reason).toBe('no_binding');
  });

  test('a value that is not one plain subject token never reaches a subject or a tag', () => {
    const policy = policyOf(
      [role('reader', { publish: { allow: ['app.{{claims.name}}.>'], deny: [] } })],
      [binding({ match: { ok: true } })],
    );
    for (const name of ['*', '>', 'a.b', 'a b', '{{name()}}', '$SYS', '']) {
      expect(denied(policy.decide(identity({ ok: true, name }), {})).refusal.reason).toBe(
        'template_value_unsafe',
      );
    }
  });

  test('a template that names a missing claim is a denial, never an empty string and never a dropped entry', () => {
    for (const list of ['allow', 'deny'] as const) {
      const rules = { allow: ['a.>'], deny: ['b.>'], [list]: ['c.{{claims.gone}}'] };
      const policy = policyOf(
        [role('reader', { publish: rules })],
        [binding({ match: { ok: true } })],
      );
      expect(denied(policy.decide(identity({ ok: true }), {})).refusal.reason).toBe(
        'template_claim_missing',
      );
    }
  });

  test('a credential lives no longer than the role allows', () => {
    const policy = policyOf(
      [role('reader', { maxTtlSeconds: 60 })],
      [binding({ match: { ok: true } })],
    );
    expect(
      granted(policy.decide(identity({ ok: true }), { ttlSeconds: 86_400 })).lifetimeSeconds,
    ).toBe(60);
  });
});
