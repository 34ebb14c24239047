import { describe, expect, test } from 'vitest';
import { type AdminRule, compileAdmin } from '../../src/policy/admin.ts';
import { identity } from './support.ts';

const rules: AdminRule[] = [
  { name: 'admin[0]', issuer: 'entra', match: { groups: 'nats-operators' } },
  { name: 'admin[1]', issuer: 'google', match: { email: 'root@example.com' } },
];

function reasonFor(claims: Parameters<typeof identity>[0], issuerName = 'entra') {
  const { admin, problems } = compileAdmin(rules);
  expect(problems).toEqual([]);
  return admin.deny(identity(claims, { issuerName }))?.refusal.reason;
}

describe('an administrator', () => {
  test('is an identity that a rule matches', () => {
    expect(reasonFor({ groups: ['people', 'nats-operators'] })).toBeUndefined();
  });

  test('is not an identity with other claims, another issuer, or no claims', () => {
    expect(reasonFor({ groups: ['people'] })).toBe('not_admin');
    expect(reasonFor({ groups: ['nats-operators'] }, 'github')).toBe('not_admin');
    expect(reasonFor({})).toBe('not_admin');
  });

  test('has a verified address where a rule goes by it', () => {
    const email = 'root@example.com';
    expect(reasonFor({ email }, 'google')).toBe('not_admin');
    expect(reasonFor({ email, email_verified: true }, 'google')).toBeUndefined();
  });

  test('gets a specific reason when the token omits the groups', () => {
    expect(reasonFor({ hasgroups: true })).toBe('groups_overage');
  });

  test('is denied with the rule that came nearest', () => {
    const { admin } = compileAdmin(rules);
    const denial = admin.deny(identity({ groups: 'x' }, { issuerName: 'entra' }));
    expect(denial).toMatchObject({ nearest: { binding: 'admin[0]' }, claimsSeen: { groups: 'x' } });
  });

  test('does not exist without rules', () => {
    const { admin } = compileAdmin([]);
    expect(admin.configured).toBe(false);
    expect(admin.deny(identity({ sub: 'anyone' }))?.refusal.reason).toBe('not_admin');
  });
});

test('problems have their path below admin, all at once', () => {
  const { problems } = compileAdmin([
    { name: 'admin[0]', issuer: 'entra', match: {} },
    { name: 'admin[1]', issuer: 'entra', match: { sub: { regex: '(' } } },
  ]);
  expect(problems.map(({ path }) => path)).toEqual(['admin[0].match', 'admin[1].match.sub.regex']);
});
