import { describe, expect, test } from 'vitest';
import type { Claims } from '../../src/identity/identity.ts';
import { scopedTemplate } from '../../src/policy/scoped.ts';
import { parseSubjectTemplate } from '../../src/policy/subject.ts';
import { binding, granted, identity, policyOf, role } from './support.ts';

function scoped(text: string) {
  const parsed = parseSubjectTemplate(text, 'subscribe');
  if (typeof parsed === 'string') throw new Error(parsed);
  return scopedTemplate(parsed);
}

describe('a template on a scoped signing key', () => {
  test.each<[string, string, string[], boolean]>([
    ['orders.>', 'orders.>', [], false],
    [
      'orders.{{claims.repository_id}}.>',
      'orders.{{tag(repository_id)}}.>',
      ['repository_id'],
      false,
    ],
    [
      '{{claims.a | token}}.{{subject}}.{{issuer}}',
      '{{tag(a)}}.{{tag(subject)}}.{{tag(issuer)}}',
      ['a', 'subject', 'issuer'],
      false,
    ],
    ['{{claims.realm_access["x-1"]}}', '{{tag(realm_access-x-1)}}', ['realm_access-x-1'], false],
    ['a-{{claims.b}}.c', 'a-{{tag(b)}}.c', ['b'], true],
  ])('%s reads %s', (text, expected, tags, partOfToken) => {
    const read = scoped(text);
    if (typeof read === 'string') throw new Error(read);
    expect(read).toMatchObject({ text: expected, partOfToken });
    expect([...read.tags.keys()]).toEqual(tags);
  });

  test.each([
    ['{{claims.a}}{{claims.b}}', 'two references'],
    ['x.{{claims.a}}-{{claims.b}}.y', 'two references'],
    ['{{claims.clientId}}', 'cannot be a tag name'],
    ['{{claims["kubernetes.io"].namespace}}', 'cannot be a tag name'],
    ['{{claims["a:b"]}}', 'cannot be a tag name'],
    ['{{claims["sts-role"]}}', 'reserved'],
    ['{{claims.a}}.{{claims.a | token}}', 'two different values'],
    ['{{claims.subject}}.{{subject}}', 'two different values'],
    ['jobs.{{claims.a}} workers', 'queue rule'],
  ])("%s can't be one: %s", (text, why) => {
    expect(scoped(text)).toContain(why);
  });

  test('a role tells its scoped form, or why there is none', () => {
    const rules = (allow: string[]) => ({ allow, deny: ['x.{{claims.id}}'] });
    const { roles } = policyOf(
      [
        role('fits', { publish: rules(['a.{{claims.id}}']) }),
        role('clashes', { publish: rules(['a.{{claims.id | token}}']) }),
        role('two', { publish: rules(['{{claims.a}}{{claims.b}}', '{{claims.A}}']) }),
      ],
      [],
    );
    expect(roles.get('fits')?.scoped).toMatchObject({
      publish: { allow: ['a.{{tag(id)}}'], deny: ['x.{{tag(id)}}'] },
      subscribe: { allow: ['_INBOX.>'], deny: [] },
      partOfToken: false,
    });
    expect(roles.get('clashes')?.scoped).toMatchObject({
      whyNot: expect.stringContaining('two different values'),
    });
    expect(roles.get('two')?.scoped).toMatchObject({
      whyNot: expect.stringMatching(/two references.*cannot be a tag name/),
    });
  });
});

test.each([
  [['w q', 'o.{{claims.id}}'], 'names a queue group'],
  [['w q', 'o.>'], 'fits'],
  [['w.{{claims.id}}', 'o.>'], 'fits'],
])('a list %s beside another that is filled in: %s', (list, why) => {
  const { roles } = policyOf(
    [
      role('r', {
        publish: { allow: ['a.{{claims.id}}'], deny: [] },
        subscribe: { allow: ['>'], deny: list },
      }),
    ],
    [],
  );
  const scoped = roles.get('r')?.scoped ?? {};
  expect('whyNot' in scoped ? scoped.whyNot : 'fits').toContain(why);
});

describe('the tags of a grant', () => {
  function grantFor(allow: string[], claims: Claims) {
    const policy = policyOf(
      [role('reader', { publish: { allow, deny: [] } })],
      [binding({ match: { ok: true } })],
    );
    return granted(policy.decide(identity({ ok: true, ...claims }), {}));
  }

  test('hold what the templates took, encoded where the template says so', () => {
    const grant = grantFor(['a.{{claims.id}}.{{claims.repo | token}}.{{issuer}}'], {
      id: 7,
      repo: 'A/b',
    });
    expect(grant.templateTags).toEqual({ id: '7', repo: '=41=2fb', issuer: 'github' });
    expect(grant.templateTagsUnavailable).toBeUndefined();
  });

  test('put into the scoped form, they give the same subjects', () => {
    const allow = ['a.{{claims.id}}.x-{{claims.repo | token}}', '{{issuer}}.>'];
    const { scoped } = policyOf([role('r', { publish: { allow, deny: [] } })], []).roles.get('r')!;
    const grant = grantFor(allow, { id: 'i1', repo: 'A.B' });
    if ('whyNot' in scoped) throw new Error(scoped.whyNot);
    const byServer = scoped.publish.allow.map((text) =>
      text.replaceAll(
        /\{\{tag\(([^)]+)\)\}\}/g,
        (_, tag: string) => grant.templateTags[tag] ?? '?',
      ),
    );
    expect(byServer).toEqual(grant.publish.allow);
  });

  test.each<[string, string[], Claims, string]>([
    ['a list', ['a.{{claims.g}}'], { g: ['x', 'y'] }, 'is a list'],
    ['upper-case letters', ['a.{{claims.v}}'], { v: 'Main' }, 'upper-case'],
    [
      "a role that can't be scoped",
      ['{{claims.a}}-{{claims.b}}'],
      { a: '1', b: '2' },
      'two references',
    ],
  ])('are not there for %s, and the grant says why', (_, allow, claims, why) => {
    const grant = grantFor(allow, claims);
    expect(grant.templateTags).toEqual({});
    expect(grant.templateTagsUnavailable).toContain(why);
  });

  test('a list of one is as good as its element', () => {
    expect(grantFor(['a.{{claims.g}}'], { g: ['x'] }).templateTags).toEqual({ g: 'x' });
  });
});
