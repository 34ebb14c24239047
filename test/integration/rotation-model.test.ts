import { describe, expect, test } from 'vitest';
import type { Assessment } from '../../src/account/assess.ts';
import { keyOf } from '../../src/account/account-jwt.ts';
import type { Ring } from '../../src/keyring/ring.ts';
import { type Code, FOREIGN, REAL } from '../support/model/account.ts';
import { explore } from '../support/model/explore.ts';
import { readKeys } from '../support/model/rings.ts';
import {
  BEGINNING,
  COLD,
  DECIDING,
  DRAINING,
  LEFT_BEHIND,
  LOADING,
  NOT_LEADING,
  OLD_PUSH,
  STEADY,
  TWO_ROTATIONS,
} from '../support/model/starts.ts';
import type { State } from '../support/model/state.ts';

/**
 * Every interleaving of two rotators that each may believe to lead, three servers, a process that
 * signs, people who ask for rotations and revoke keys, deaths, and pauses at any point, up to a
 * depth. What decides is the real code: step, changes, merge and assessment of real account JWTs.
 * Modelled are the order of a turn (`src/rotator/turn.ts`), the lease, and what servers do.
 *
 * The model's time passes in ticks of one lease term. It takes for granted that a server which is
 * loading an account has done so within a tick.
 *
 * `MODEL_DEPTH=deep` goes deeper: a minute of one core, and nearly a million states.
 */
const DEEP = process.env['MODEL_DEPTH'] === 'deep';
const calm = { deathsLeft: 0, revocationsLeft: 0 };

/** From where, and how many actions deep: usually, and in the deep run. */
const EXPLORATIONS: [string, State, number, number][] = [
  ['the beginning', BEGINNING, 11, 16],
  ['a server that has not loaded the account', COLD, 8, 11],
  ['steady rotation', STEADY, 8, 12],
  ['steady rotation, nobody dying or revoking', { ...STEADY, ...calm }, 11, 15],
  ['a key that drains, nobody dying or revoking', { ...DRAINING, ...calm }, 9, 13],
  ['a push that was not waited for', { ...LEFT_BEHIND, ...calm }, 7, 10],
  ['a server that is loading the account', { ...LOADING, ...calm }, 8, 11],
  ['a leader that does not know that another leads', { ...NOT_LEADING, ...calm }, 7, 9],
  ['an old push in the air', OLD_PUSH, 6, 9],
  ['an old push in the air, nobody dying or revoking', { ...OLD_PUSH, ...calm }, 8, 11],
];

describe('no interleaving makes a server refuse a living credential, and every one can be repaired', () => {
  test.each(EXPLORATIONS)('from %s', { timeout: 600_000 }, (name, start, usual, deep) => {
    const began = performance.now();
    const { states, depth, drifted, mended, violation } = explore({
      start,
      depth: DEEP ? deep : usual,
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    // oxlint-disable-next-line eslint/no-console -- how much was looked at is part of the proof
    console.info(
      `${name}: ${states} states, to depth ${depth}, ${drifted} of them drifted, ${mended} mended, ${seconds} s`,
    );
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(5000);
  });

  test('they include late pushes that remove keys', () => {
    const { drifted } = explore({ start: { ...OLD_PUSH, ...calm }, depth: 6 });
    expect(drifted).toBeGreaterThan(0);
  });
});

test('a process that has led for a while makes a key sign as soon as every server has it, without a wait', () => {
  const states = ({ ring }: State) => readKeys(ring).map(({ state }) => state);
  expect(states(DRAINING)).toEqual(['draining', 'active', 'staged']);
  // The key that was staged last signs, and no tick has passed.
  expect(states(TWO_ROTATIONS)).toEqual(['draining', 'draining', 'active', 'staged']);
});

describe('the model finds out', () => {
  const { step, assess } = REAL;
  /** Account JWTs without the listed keys that `drops` names. */
  const merging =
    (drops: (key: string, ring: Ring) => boolean): Code['assess'] =>
    (input): Assessment => {
      const assessment = assess(input);
      const { push } = assessment;
      if (!push) return assessment;
      const { nats } = push.claims;
      const kept = (nats.signing_keys ?? []).filter((listed) => !drops(keyOf(listed), input.ring));
      const claims = { ...push.claims, nats: { ...nats, signing_keys: kept } };
      return { ...assessment, push: { ...push, claims } };
    };
  const isIn = (ring: Ring, publicKey: string, state: string) =>
    ring.keys.some((key) => key.publicKey === publicKey && key.state === state);

  const MUTANTS: [string, Partial<Code>, State, number, string][] = [
    [
      'a step that makes keys sign without confirmation',
      {
        step: (input) => {
          const confirmed = new Set(input.ring.keys.map(({ publicKey }) => publicKey));
          return step({ ...input, seen: { ...input.seen, confirmed } });
        },
      },
      BEGINNING,
      14,
      'a server refuses',
    ],
    [
      'a step that does not wait for two lease terms',
      { step: (input) => step({ ...input, inFlight: [] }) },
      OLD_PUSH,
      8,
      'a server refuses',
    ],
    [
      'a step that forgets the grace',
      { step: (input) => step({ ...input, wanted: { ...input.wanted, graceMilliseconds: 0 } }) },
      DRAINING,
      9,
      'is retired while a credential of it lives',
    ],
    [
      'a step that lets keys drain from before that was stored',
      {
        step: (input) => {
          const result = step(input);
          const keys = result.ring.keys.map((key) =>
            key.state === 'draining' ? { settledAt: input.now, ...key } : key,
          );
          return { ...result, ring: { ...result.ring, keys } };
        },
      },
      DECIDING,
      12,
      'is retired while a credential of it lives',
    ],
    [
      'a step that keeps the seed of a retired key',
      {
        step: (input) => {
          const result = step(input);
          const keys = result.ring.keys.map((key) => ({ ...key, sealedSeed: 'SEALED' }));
          return { ...result, ring: { ...result.ring, keys } };
        },
      },
      DRAINING,
      12,
      'a seed is misplaced',
    ],
    [
      'a merge that drops keys which drain',
      { assess: merging((key, ring) => isIn(ring, key, 'draining')) },
      STEADY,
      8,
      'is draining, and not mended',
    ],
    [
      'a merge that drops what others put there',
      { assess: merging((key) => key === FOREIGN) },
      BEGINNING,
      7,
      'lost a foreign key',
    ],
    [
      'a merge that leaves retired keys where they are',
      {
        assess: (input) => {
          const keys = input.ring.keys.filter(({ state }) => state !== 'retired');
          return assess({ ...input, ring: { ...input.ring, keys } });
        },
      },
      DRAINING,
      12,
      'and not mended',
    ],
    [
      'a turn that goes by what was seen a lease term ago',
      { mutant: 'trusts old looks' },
      OLD_PUSH,
      10,
      'a server refuses',
    ],
    [
      'a leader that does not wait for what was pushed before it led',
      { mutant: 'does not wait for others' },
      OLD_PUSH,
      8,
      'a server refuses',
    ],
    [
      'a leader that forgets a push which has not landed',
      { mutant: 'forgets what has not landed' },
      LEFT_BEHIND,
      8,
      'a server refuses',
    ],
    [
      'a leader that forgets servers which may be loading an older account JWT',
      { mutant: 'forgets servers that load' },
      LOADING,
      8,
      'a server refuses',
    ],
    [
      'a step that does not ask whether another process leads by now',
      { mutant: 'does not ask for the lease' },
      NOT_LEADING,
      8,
      'a server refuses',
    ],
  ];

  test.each(MUTANTS)('%s', (_, mutant, start, depth, violation) => {
    const found = explore({ start: { ...start, ...calm }, depth, code: { ...REAL, ...mutant } });
    expect(found.violation).toContain(violation);
  });
});
