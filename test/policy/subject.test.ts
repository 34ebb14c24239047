import { describe, expect, test } from 'vitest';
import { checkSubjectTemplate } from '../../src/policy/subject.ts';

describe('subjects as the operator writes them', () => {
  test.each([
    'orders',
    'orders.new',
    'orders.*',
    '*.new',
    'orders.>',
    '>',
    '_INBOX.>',
    '$JS.API.>',
    'ünïcode.x',
    'orders.{{claims.repository_id}}.>',
    '{{subject | token}}',
    'a-{{claims["x y. }"].z}}-b.c',
    '{{ claims.a | token }}.{{issuer}}',
  ])('%j is one', (subject) => {
    expect(checkSubjectTemplate(subject, 'publish')).toBeUndefined();
  });

  test.each([
    ['', 'remove the entry'],
    ['a..b', 'has an empty token'],
    ['.a', 'has an empty token'],
    ['a.', 'has an empty token'],
    ['>.a', 'must be last'],
    ['a.>.b', 'must be last'],
    ['a.b*', 'must be a whole token'],
    ['a>', 'must be a whole token'],
    ['{{claims.a}}*', 'must be a whole token'],
    ['a b', 'queue group'],
    [' a', 'contains a space'],
    ['a\tb', 'contains whitespace or control'],
    ['a\u00a0b', 'contains whitespace or control'],
    ['a\u200bb', 'control characters'],
    ['a.{b}', 'has a single brace'],
    ['a.{{claims.x', '{{ without }}'],
    ['a.{{repository}}', 'has an unknown reference'],
    ['a.{{claims}}', 'has an unknown reference'],
    ['a.{{}}', 'has an unknown reference'],
    ['a.{{claims.}}', 'has an invalid reference'],
    ['a.{{claims.x y}}', 'has an invalid reference'],
    ['a.{{claims[x]}}', 'has an invalid reference'],
    ['a.{{claims["\\q"]}}', 'has an invalid reference'],
    ['a.{{claims.x | upper}}', 'unknown filter "upper"'],
    ['a.{{claims.x | token | token}}', 'has an invalid reference'],
    ['x'.repeat(1025), 'longer than 1024'],
    [7, 'in quotes'],
    [null, 'in quotes'],
  ])('%j is refused, with what is wrong with it', (subject, problem) => {
    expect(checkSubjectTemplate(subject, 'publish')).toContain(problem);
  });

  test('only a subscribe rule may name a queue group, after one space', () => {
    expect(checkSubjectTemplate('jobs.* workers', 'subscribe')).toBeUndefined();
    expect(checkSubjectTemplate('jobs.* workers.>', 'subscribe')).toBeUndefined();
    expect(checkSubjectTemplate('jobs.* workers', 'publish')).toContain('queue group');
    expect(checkSubjectTemplate('jobs.*  workers', 'subscribe')).toContain('one space');
    expect(checkSubjectTemplate('jobs.* a b', 'subscribe')).toContain('one space');
    expect(checkSubjectTemplate('jobs.* ', 'subscribe')).toContain('one space');
    expect(checkSubjectTemplate('jobs a..b', 'subscribe')).toContain('has an empty token');
  });
});
