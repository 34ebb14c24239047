import { expect, test } from 'vitest';
import { moment } from '../../../../src/http/pages/words/time.ts';

test('a point in time is shown in UTC, for people and for programs', () => {
  expect(String(moment(1_795_343_400))).toBe(
    '<time datetime="2026-11-22T10:30:00.000Z">22 November 2026 at 10:30 UTC</time>',
  );
});
