import { afterEach, describe, expect, test, vi } from 'vitest';
import { ianaTimeZone } from '../../src/config/time-zone.ts';

afterEach(() => vi.unstubAllGlobals());

describe.each(['with Temporal', 'on a Node without Temporal'])('a time zone, %s', (node) => {
  test.each([
    ['UTC', 'UTC'],
    ['utc', 'UTC'],
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['AMERICA/SAO_PAULO', 'America/Sao_Paulo'],
    ['US/Eastern', 'US/Eastern'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Etc/GMT+5', 'Etc/GMT+5'],
    ['', undefined],
    ['Local', undefined],
    ['PST', undefined],
    ['GMT+5', undefined],
    ['+01:00', undefined],
    ['Europe/Nowhere', undefined],
    ['posix/Europe/Berlin', undefined],
  ])('%o is %o', (name, zone) => {
    if (node !== 'with Temporal') vi.stubGlobal('Temporal', undefined);
    expect(ianaTimeZone(name)).toBe(zone);
  });
});

test('an older name in other letters is corrected where Node can, and refused elsewhere', () => {
  expect(ianaTimeZone('US/EASTERN')).toBe('US/Eastern');
  vi.stubGlobal('Temporal', undefined);
  expect(ianaTimeZone('US/EASTERN')).toBeUndefined();
});
