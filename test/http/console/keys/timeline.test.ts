import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axisOf, bar, phases, shareAt } from '../../../../src/http/console/keys/timeline.ts';

const NOW = 1_000_000;
const HOUR = 3600;

function key(more: Partial<Parameters<typeof phases>[1]> = {}) {
  return {
    state: 'active' as const,
    staged_at: NOW - 2 * HOUR,
    active_at: NOW - HOUR,
    draining_at: null,
    retired_at: null,
    retires_at: null,
    ...more,
  };
}

const times = fc.integer({ min: -400 * 24 * HOUR, max: 0 });
const keys = fc
  .tuple(times, times, times, fc.integer({ min: 0, max: 24 * HOUR }))
  .map(([a, b, c, left]) => [a, b, c].sort((x, y) => x - y).concat(left))
  .chain(([staged = 0, active = 0, draining = 0, left = 0]) =>
    fc.constantFrom(
      key({ state: 'staged' as never, staged_at: NOW + staged, active_at: null }),
      key({ staged_at: NOW + staged, active_at: NOW + active }),
      key({
        state: 'draining' as never,
        staged_at: NOW + staged,
        active_at: NOW + active,
        draining_at: NOW + draining,
        retires_at: NOW + left,
      }),
      key({
        state: 'retired' as never,
        staged_at: NOW + staged,
        active_at: NOW + active,
        draining_at: NOW + active,
        retired_at: NOW + draining,
      }),
    ),
  );

test('now is within the axis with room on both sides, whatever the keys are', () => {
  const next = fc.option(fc.integer({ min: -HOUR, max: 400 * 24 * HOUR }), { nil: null });
  fc.assert(
    fc.property(fc.array(keys), next, (some, next) => {
      const axis = axisOf({ keys: some, next_rotation_at: next === null ? null : NOW + next }, NOW);
      expect(axis.past).toBeGreaterThanOrEqual(0.15);
      expect(axis.past).toBeLessThanOrEqual(0.85);
      expect(shareAt(axis, NOW)).toBeCloseTo(axis.past);
      expect(shareAt(axis, axis.from)).toBeCloseTo(0);
      expect(shareAt(axis, axis.to)).toBeCloseTo(1);
      for (const one of some) {
        for (const { start, end, planned } of phases(axis, one)) {
          expect(start).toBeLessThanOrEqual(end);
          expect(planned ? start >= NOW : end <= NOW).toBe(true);
        }
        expect(String(bar(axis, one, 'text'))).not.toMatch(/NaN|Infinity|="-/);
      }
    }),
  );
});

describe('the phases of a key', () => {
  const axis = axisOf({ keys: [key()], next_rotation_at: NOW + HOUR }, NOW);
  const told = (more: object) =>
    phases(axis, key(more)).map(({ state, start, end, planned }) => [
      state,
      (start - NOW) / HOUR,
      (end - NOW) / HOUR,
      planned,
    ]);

  test('of an active key reach to the next rotation', () => {
    expect(told({})).toEqual([
      ['staged', -2, -1, false],
      ['active', -1, 0, false],
      ['active', 0, 1, true],
    ]);
  });

  test('of a staged key wait for their turn', () => {
    expect(told({ state: 'staged', active_at: null })).toEqual([
      ['staged', -2, 0, false],
      ['staged', 0, 1, true],
    ]);
  });

  test('of a draining key reach to the expiry of its last credential', () => {
    const draining = { state: 'draining', draining_at: NOW - HOUR / 2, retires_at: NOW + HOUR / 2 };
    expect(told(draining).slice(2)).toEqual([
      ['draining', -0.5, 0, false],
      ['draining', 0, 0.5, true],
    ]);
  });

  test('of a retired key are all in the past', () => {
    const retired = { state: 'retired', draining_at: NOW - HOUR / 2, retired_at: NOW - HOUR / 4 };
    expect(told(retired)).toEqual([
      ['staged', -2, -1, false],
      ['active', -1, -0.5, false],
      ['draining', -0.5, -0.25, false],
    ]);
  });
});

test('shape and pattern distinguish states, and so do words', () => {
  const axis = axisOf({ keys: [key()], next_rotation_at: NOW + HOUR }, NOW);
  const drawn = String(
    bar(axis, key({ draining_at: NOW - 60, retires_at: NOW + 60 }), 'draining: <b>'),
  );
  expect(drawn).toContain('role="img" aria-label="draining: &lt;b&gt;"');
  expect(drawn).toContain('class="phase draining" ');
  expect(drawn).toContain('fill="url(#draining)"');
  expect(new Set([...drawn.matchAll(/ height="(\d+)"(?:\/>| fill)/g)].map(([, h]) => h)).size).toBe(
    3,
  );
});
