import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  raiseLifetime,
  requestRotation,
  revokeKey,
  roundedLifetime,
} from '../../src/keyring/changes.ts';
import { ringWorld, SECOND, START } from './rings.ts';

function settledWorld() {
  const world = ringWorld();
  world.go();
  world.signed('KEY1', 60);
  world.go(86_400);
  return world;
}

describe('asking for a rotation', () => {
  test('notes when, for each slot, and keeps what others asked for', () => {
    const { ring } = ringWorld();
    const asked = requestRotation(requestRotation(ring, ['a', 'b'], 1), ['b', 'c'], 2);
    expect(asked.rotationRequests).toEqual({ a: 1, b: 2, c: 2 });
    expect(ring.rotationRequests).toEqual({});
  });
});

describe('revoking a key', () => {
  test.each([
    ['draining', 'KEY1'],
    ['active', 'KEY2'],
    ['staged', 'KEY3'],
  ])('retires a %s one at once, destroys its seed and tells', (state, publicKey) => {
    const { ring } = settledWorld();
    const now = START + 90_000 * SECOND;
    const revoked = revokeKey(ring, publicKey, now)!;
    const key = revoked.keys.find((key) => key.publicKey === publicKey);
    expect(key).toMatchObject({ state: 'retired', reason: 'revoked', retiredAt: now });
    expect(key).not.toHaveProperty('sealedSeed');
    expect(revoked.unreported.slice(ring.unreported.length)).toEqual([
      {
        time: now,
        account: 'APP',
        slot: '*',
        publicKey,
        from: state,
        to: 'retired',
        reason: 'revoked',
      },
    ]);
    const others = (keys: typeof ring.keys) => keys.filter((key) => key.publicKey !== publicKey);
    expect(others(revoked.keys)).toEqual(others(ring.keys));
  });

  test('can be done once', () => {
    const { ring, now } = settledWorld();
    expect(revokeKey(revokeKey(ring, 'KEY1', now)!, 'KEY1', now)).toBeUndefined();
  });

  test('of a key that the ring does not know is not possible', () => {
    const { ring, now } = settledWorld();
    expect(revokeKey(ring, 'KEY9', now)).toBeUndefined();
  });
});

describe('raising the lifetime', () => {
  test('raises that of the active key', () => {
    const { ring } = settledWorld();
    const raised = raiseLifetime(ring, 'KEY2', 64)!;
    expect(raised.keys.find(({ publicKey }) => publicKey === 'KEY2')?.lifetimeSeconds).toBe(64);
  });

  test('never lowers it, and leaves the ring alone where it is high enough', () => {
    const raised = raiseLifetime(settledWorld().ring, 'KEY2', 64)!;
    expect(raiseLifetime(raised, 'KEY2', 64)).toBe(raised);
    expect(raiseLifetime(raised, 'KEY2', 1)).toBe(raised);
  });

  test('raises that of the staged key, which signs next', () => {
    const raised = raiseLifetime(settledWorld().ring, 'KEY3', 64)!;
    expect(raised.keys.find(({ publicKey }) => publicKey === 'KEY3')).toMatchObject({
      state: 'staged',
      lifetimeSeconds: 64,
    });
  });

  test.each(['KEY1', 'KEY9'])(
    'of a key that signs no more is not possible, though it is high enough: %s',
    (publicKey) => {
      expect(raiseLifetime(settledWorld().ring, publicKey, 1)).toBeUndefined();
    },
  );
});

test('a lifetime is rounded up to a power of two, but not beyond the longest that there is', () => {
  expect(roundedLifetime(700, 900)).toBe(900);
  expect(roundedLifetime(900, 0)).toBe(900);
  expect([0, 1, 2, 3, 900, 1024].map((seconds) => roundedLifetime(seconds, 3600))).toEqual([
    1, 1, 2, 4, 1024, 1024,
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (seconds) => {
      const rounded = roundedLifetime(seconds, Number.POSITIVE_INFINITY);
      expect(rounded).toBeGreaterThanOrEqual(seconds);
      expect(rounded).toBeLessThan(2 * seconds);
    }),
  );
});
