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
    ['', 'leave the entry out'],
    ['a..b', 'a token is empty'],
    ['.a', 'a token is empty'],
    ['a.', 'a token is empty'],
    ['>.a', 'only comes last'],
    ['a.>.b', 'only comes last'],
    ['a.b*', 'as a whole token'],
    ['a>', 'as a whole token'],
    ['{{claims.a}}*', 'as a whole token'],
    ['a b', 'queue group'],
    [' a', 'no blanks'],
    ['a\tb', 'no blanks and no control'],
    ['a\u00a0b', 'no blanks and no control'],
    ['a\u200bb', 'no control'],
    ['a.{b}', 'a brace stands alone'],
    ['a.{{claims.x', 'never closed'],
    ['a.{{repository}}', 'names nothing'],
    ['a.{{claims}}', 'names nothing'],
    ['a.{{}}', 'names nothing'],
    ['a.{{claims.}}', "can't be read"],
    ['a.{{claims.x y}}', "can't be read"],
    ['a.{{claims[x]}}', "can't be read"],
    ['a.{{claims["\\q"]}}', "can't be read"],
    ['a.{{claims.x | upper}}', 'no filter "upper"'],
    ['a.{{claims.x | token | token}}', "can't be read"],
    ['x'.repeat(1025), 'at most 1024'],
    [7, 'in quotes'],
    [null, 'in quotes'],
  ])('%j is refused, with what is wrong with it', (subject, problem) => {
    expect(checkSubjectTemplate(subject, 'publish')).toContain(problem);
  });

  test('only a subscribe rule may name a queue group, after one blank', () => {
    expect(checkSubjectTemplate('jobs.* workers', 'subscribe')).toBeUndefined();
    expect(checkSubjectTemplate('jobs.* workers.>', 'subscribe')).toBeUndefined();
    expect(checkSubjectTemplate('jobs.* workers', 'publish')).toContain('queue group');
    expect(checkSubjectTemplate('jobs.*  workers', 'subscribe')).toContain('one blank');
    expect(checkSubjectTemplate('jobs.* a b', 'subscribe')).toContain('one blank');
    expect(checkSubjectTemplate('jobs.* ', 'subscribe')).toContain('one blank');
    expect(checkSubjectTemplate('jobs a..b', 'subscribe')).toContain('a token is empty');
  });
});
