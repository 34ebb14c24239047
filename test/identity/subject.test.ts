import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import type { Claims } from '../../src/identity/identity.ts';
import { subjectOf, subjectRule } from '../../src/identity/subject.ts';
import { staticIssuer } from '../support/issuer.ts';

function subject(claims: Claims, ...rule: string[][]): string {
  const found = subjectOf(claims, subjectRule(staticIssuer([], { subject: rule })));
  return found instanceof Refusal ? `${found.reason}: ${found.message}` : found;
}

describe('the subject', () => {
  test('is what the first entry names whose claims are all there', () => {
    const rule = [['tid', 'oid'], ['sub'], ['client_id']];
    expect(subject({ tid: 't', oid: 'o', sub: 's' }, ...rule)).toBe('t/o');
    expect(subject({ tid: 't', sub: 's', client_id: 'c' }, ...rule)).toBe('s');
    expect(subject({ client_id: 'c' }, ...rule)).toBe('c');
  });

  test('may stand deeper in the token', () => {
    expect(subject({ a: { b: 'deep' } }, ['/a/b'])).toBe('deep');
  });

  test('nOAuth: is an email only where the token says that it is verified', () => {
    expect(subject({ email: 'ceo@example.com' }, ['email'])).toMatch(/^claim_malformed/);
    expect(subject({ email: 'ceo@example.com', email_verified: 'true' }, ['email'])).toMatch(
      /^claim_malformed/,
    );
    expect(subject({ email: 'ceo@example.com', email_verified: true }, ['email'])).toBe(
      'ceo@example.com',
    );
  });

  test('is bounded: it is written down with everything asked in its name', () => {
    expect(subject({ sub: 'x'.repeat(1024) }, ['sub'])).toHaveLength(1024);
    expect(subject({ sub: 'x'.repeat(1025) }, ['sub'])).toMatch(/^claim_malformed/);
  });

  test('must be there', () => {
    expect(subject({ email: 'e' }, ['tid', 'oid'], ['sub'])).toBe(
      'claim_missing: The token names no subject: it has no "tid", "oid", or "sub".',
    );
  });

  test.each([42, '', null, true, ['s'], {}])(
    'is refused, not looked for elsewhere, where it is %j',
    (sub) => {
      expect(subject({ sub, client_id: 'c' }, ['sub'], ['client_id'])).toMatch(/^claim_malformed/);
    },
  );

  test('is unambiguous: no part of a joined subject holds a slash', () => {
    expect(subject({ tid: 'a/b', oid: 'c' }, ['tid', 'oid'])).toMatch(/^claim_malformed/);
    expect(subject({ tid: 'a', oid: 'b/c' }, ['tid', 'oid'])).toMatch(/^claim_malformed/);
    expect(subject({ sub: 'repo:a/b' }, ['sub'])).toBe('repo:a/b');
  });
});
