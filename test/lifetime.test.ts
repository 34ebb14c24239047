import { expect, test } from 'vitest';
import { lifetime } from '../src/lifetime.ts';

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
