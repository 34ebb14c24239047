import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ring } from '../../src/keyring/ring.ts';
import { step } from '../../src/keyring/step.ts';
import { SECOND } from './rings.ts';
import { ANYWHERE, createHistory, FORWARDS, histories, type HistoryOptions } from './history.ts';

/** The first thing that was as it must never be, as `history.ts` tells it; undefined: nothing. */
function wrong(options: HistoryOptions & { settles?: boolean }, numRuns = 500): string | undefined {
  const property = fc.property(histories(options.timed ? FORWARDS : ANYWHERE), (events) => {
    const history = createHistory(options);
    for (const event of events) history.happen(event);
    if (options.settles) history.settle();
  });
  const details = fc.check(property, { numRuns, endOnFailure: options.mutant !== undefined });
  if (!details.failed) return undefined;
  return `${String(details.errorInstance)} (seed ${details.seed}): ${fc.stringify(details.counterexample)}`;
}

describe.each(['managed', 'external'] as const)('a ring of a %s account', (kind) => {
  test('never has a key that signs too early, is out too early, comes back or signs beside another', () => {
    expect(wrong({ kind, timed: true })).toBeUndefined();
  });

  test('never has two keys that sign, an unconfirmed one, or one that comes back, however clocks are set', () => {
    expect(wrong({ kind, timed: false })).toBeUndefined();
  });

  test.each([
    ['', true],
    [', though clocks were set', false],
  ])('comes to rest with what is wanted of it, given some luck%s', (_, timed) => {
    expect(wrong({ kind, timed, settles: true })).toBeUndefined();
  });
});

describe('these histories catch a wrong step', () => {
  const mutants: [string, typeof step, string][] = [
    [
      'that takes every key for confirmed',
      (input) => {
        const confirmed = new Set(input.ring.keys.map(({ publicKey }) => publicKey));
        return step({ ...input, seen: { ...input.seen, confirmed } });
      },
      'signs unconfirmed',
    ],
    [
      'that lets a key sign as soon as it is staged',
      (input) => step({ ...input, inFlight: [] }),
      'signs too early',
    ],
    [
      'that retires keys an hour early',
      (input) => step({ ...input, wanted: { ...input.wanted, graceMilliseconds: -3600 * SECOND } }),
      'is out while its credentials live',
    ],
    [
      'that lets keys drain from when it was made, not from when it was stored',
      (input) => step({ ...input, ring: mapKeys(input.ring, withoutWaiting) }),
      'is out while its credentials live',
    ],
    [
      'that keeps the seed of a retired key',
      (input) => changed(input.ring, step(input), (key) => ({ ...key, sealedSeed: 'SEALED' })),
      'is retired and has its seed',
    ],
    [
      'that lets two keys sign',
      (input) =>
        changed(input.ring, step(input), (key) =>
          key.state === 'draining' ? { ...key, state: 'active' } : key,
        ),
      'two keys sign for one slot',
    ],
    [
      'that forgets retired keys which are still given',
      (input) => {
        const result = step(input);
        const keys = result.ring.keys.filter(({ state }) => state !== 'retired');
        return { ...result, ring: { ...result.ring, keys } };
      },
      'is forgotten',
    ],
  ];

  test.each(mutants)('%s', (_, mutant, message) => {
    const kind = message === 'is forgotten' ? 'external' : 'managed';
    expect(wrong({ kind, timed: true, mutant }, 5000)).toContain(message);
  });
});

type Key = Ring['keys'][number];

function mapKeys(ring: Ring, map: (key: Key) => Key): Ring {
  return { ...ring, keys: ring.keys.map(map) };
}

/** As it would be if nobody waited for a state to be read back. */
function withoutWaiting(key: Key): Key {
  const { state, drainingAt } = key;
  return state === 'draining' && drainingAt !== undefined ? { ...key, settledAt: drainingAt } : key;
}

/** Where the step changed the ring, changes it further. */
function changed(
  before: Ring,
  result: ReturnType<typeof step>,
  map: (key: Key) => Key,
): ReturnType<typeof step> {
  return result.ring === before ? result : { ...result, ring: mapKeys(result.ring, map) };
}
