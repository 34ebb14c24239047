import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REASONS, Refusal, type RefusalReason } from '../../../../src/errors.ts';
import {
  INCOMPLETE_ANSWER,
  NOT_SIGNED_IN,
  refusalWords,
} from '../../../../src/http/pages/words/refusals.ts';

const REFUSALS = Object.keys(REASONS).map((reason) =>
  refusalWords(new Refusal(reason as RefusalReason, 'Its own message.')),
);

test('every heading that the documentation quotes is the heading of a page', () => {
  const logins = readFileSync(
    new URL('../../../../docs/operations/logins.md', import.meta.url),
    'utf8',
  );
  const [, section = ''] = logins.split('## When it does not work');
  const rows = section.split('\n## ', 1)[0]?.matchAll(/^\| "([^"]+)"/gm) ?? [];
  const quoted = Array.from(rows, ([, heading]) => heading);
  expect(quoted.length).toBeGreaterThan(5);
  const titles = [...REFUSALS, INCOMPLETE_ANSWER, NOT_SIGNED_IN].map(({ title }) => title);
  const notices = ['Check again before you agree'];
  expect([...titles, ...notices]).toEqual(expect.arrayContaining(quoted));
});

test('every link to continue is a path of ours', () => {
  for (const { wayOn } of REFUSALS) expect(wayOn.path).toMatch(/^\/(?:login|device)?$/);
});

test('nobody is advised to try again what only an administrator can fix', () => {
  const { text, wayOn } = refusalWords(new Refusal('login_failed', 'Its own message.'));
  expect(text).toContain('signing in again will fail until that is fixed');
  expect(wayOn.path).toBe('/');
});
