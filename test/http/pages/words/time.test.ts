import { expect, test } from 'vitest';
import { lifetime, moment } from '../../../../src/http/pages/words/time.ts';

test.each([
  [0, '0 seconds'],
  [-5, '0 seconds'],
  [1, '1 second'],
  [59.9, '59 seconds'],
  [60, '1 minute'],
  [90, '1 minute 30 seconds'],
  [900, '15 minutes'],
  [3_600, '1 hour'],
  [3_601, '1 hour'],
  [27_600, '7 hours 40 minutes'],
  [86_400, '1 day'],
  [7 * 86_400 + 3_600, '7 days 1 hour'],
  [86_400 + 59, '1 day'],
])('%d seconds are %s', (seconds, words) => {
  expect(lifetime(seconds)).toBe(words);
});

test('a point in time is told in UTC, for people and for programs', () => {
  expect(String(moment(1_795_343_400))).toBe(
    '<time datetime="2026-11-22T10:30:00.000Z">22 November 2026 at 10:30 UTC</time>',
  );
});
