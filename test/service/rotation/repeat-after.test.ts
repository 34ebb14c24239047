import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { repeatAfter } from '../../../src/service/rotation/repeat-after.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a call is made at once, and again after each delay', () => {
  const act = vi.fn<() => void>();
  repeatAfter(act, [300, 1000])();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(300);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(700);
  expect(act).toHaveBeenCalledTimes(3);
  vi.advanceTimersByTime(10_000);
  expect(act).toHaveBeenCalledTimes(3);
});

test('many calls repeat only after the last one', () => {
  const act = vi.fn<() => void>();
  const call = repeatAfter(act, [300, 1000]);
  for (let round = 0; round < 100; round += 1) call();
  vi.advanceTimersByTime(10_000);
  expect(act).toHaveBeenCalledTimes(102);
});

test('a stopped call does not repeat', () => {
  const act = vi.fn<() => void>();
  const call = repeatAfter(act, [300, 1000]);
  call();
  call.stop();
  vi.advanceTimersByTime(10_000);
  expect(act).toHaveBeenCalledTimes(1);
});
