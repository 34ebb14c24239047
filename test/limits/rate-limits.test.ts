import { expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { ownCount, rateLimits } from '../../src/limits/rate-limits.ts';
import { windowCounter } from '../../src/limits/window-counter.ts';

const START = 1_800_000_000_000;
const ALICE = { issuerName: 'dev', subject: 'alice' };

function limited({ enabled = true, max = 2 } = {}) {
  const clock = { time: START, now: () => clock.time };
  const limit = { max, everySeconds: 60 };
  const spec = { enabled, perAddress: limit, perIdentity: limit };
  return { clock, spec, limits: rateLimits(() => spec, ownCount(clock)) };
}

test('calls within the limit pass, the next is refused until the window ends', () => {
  const { clock, limits } = limited();
  expect(limits.identity(ALICE)).toBeUndefined();
  clock.time += 20_000;
  expect(limits.identity(ALICE)).toBeUndefined();
  const refusal = limits.identity(ALICE);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ reason: 'too_many_requests', retryAfterSeconds: 40 });
  expect(refusal).toHaveProperty(
    'message',
    expect.stringContaining('this identity; the limit is 2 in 1 minute'),
  );
  clock.time += 40_000;
  expect(limits.identity(ALICE)).toBeUndefined();
});

test('a clock that is set back refuses nobody for longer', () => {
  const { clock, limits } = limited({ max: 1 });
  expect(limits.identity(ALICE)).toBeUndefined();
  clock.time -= 3_600_000;
  expect(limits.identity(ALICE)).toBeUndefined();
});

test('identities and addresses count apart, groups of routes too, the addresses of one network together', () => {
  const { limits } = limited({ max: 1 });
  expect(limits.identity(ALICE)).toBeUndefined();
  expect(limits.identity({ ...ALICE, subject: 'bob' })).toBeUndefined();
  expect(limits.identity({ ...ALICE, issuerName: 'other' })).toBeUndefined();
  expect(limits.address('access', '2001:db8::1')).toBeUndefined();
  expect(limits.address('admin', '2001:db8::1')).toBeUndefined();
  expect(limits.address('access', '2001:db8::2')).toMatchObject({ reason: 'too_many_requests' });
});

test('a reload changes the limit at once', () => {
  const { limits, spec } = limited({ max: 1 });
  void limits.identity(ALICE);
  expect(limits.identity(ALICE)).toBeInstanceOf(Refusal);
  spec.perIdentity.max = 10;
  expect(limits.identity(ALICE)).toBeUndefined();
  spec.perIdentity.max = 1;
  spec.enabled = false;
  expect(limits.identity(ALICE)).toBeUndefined();
});

test('strangers who invent keys take no more memory, and the keys in use stay', () => {
  const count = windowCounter(3);
  const counts = (key: string) => count(key, 60_000, START).count;
  counts('used');
  for (const key of ['a', 'b', 'c', 'd']) {
    counts(key);
    counts('used');
  }
  expect(counts('used')).toBe(6);
  expect(counts('a')).toBe(1);
});
