import { expect, test } from 'vitest';
import { pendingKey } from '../../src/keyring/pending.ts';
import { emptyRing, type KeyScope, type Ring, type RingKey } from '../../src/keyring/ring.ts';
import { scope, SECOND, START } from './rings.ts';

const BEFORE = scope('reader', 'orders.>');
const NOW = scope('reader', 'orders.new.>');

function ring(keys: readonly Partial<RingKey>[], kind: Ring['kind'] = 'managed'): Ring {
  const key = (more: Partial<RingKey>): RingKey => ({
    publicKey: 'A',
    slot: 'reader',
    state: 'active',
    stagedAt: START,
    stagedTerm: 1,
    lifetimeSeconds: 0,
    reason: 'first',
    ...more,
  });
  return {
    ...emptyRing({ account: 'APP', publicKey: 'ACCOUNT', kind }),
    keys: keys.map((more) => key(more)),
  };
}

const pending = (ring: Ring, wanted: KeyScope | undefined = NOW) =>
  pendingKey(ring, 'reader', { scopeOf: () => wanted, now: START });

test('a role whose key has the permissions that it has now waits for nothing', () => {
  expect(pending(ring([{ scope: NOW }]))).toBeUndefined();
});

test('a role that a key for all roles signs for has its permissions in each credential, and waits for nothing', () => {
  expect(pending(ring([{ slot: '*' }]))).toBeUndefined();
  expect(pending(ring([{ scope: BEFORE }, { slot: '*' }]))).toMatchObject({
    until: 'outdated key',
  });
});

test('the keys of an external account are the business of its operator', () => {
  expect(pending(ring([], 'external'))).toBeUndefined();
});

test('a role without any key waits for it to be made, and so does one whose staged key is out of date', () => {
  const made = { until: 'nothing', stage: 'being made', seconds: 2, waitsFor: [] };
  expect(pending(ring([]))).toEqual(made);
  expect(pending(ring([{ state: 'staged', scope: BEFORE }]))).toEqual(made);
});

test('a server that has not taken the key for a while is given longer', () => {
  const staged = { state: 'staged', scope: NOW, waitsFor: ['n2'] } as const;
  for (const [waited, seconds] of [
    [3, 5],
    [12, 12],
    [3600, 30],
  ] as const) {
    const waiting = ring([{ ...staged, stagedAt: START - waited * SECOND }]);
    expect(pending(waiting)).toMatchObject({ seconds });
  }
});

test('while the rotator fails, no time is promised, not even for a key that every server has', () => {
  const staged = ring([{ state: 'staged', scope: NOW, onEveryServer: true }]);
  const asked = { scopeOf: () => NOW, now: START, obstacle: 'cannot reach NATS' };
  expect(pendingKey(staged, 'reader', asked)).toMatchObject({
    stage: 'waiting',
    seconds: 30,
    obstacle: 'cannot reach NATS',
  });
});

test('a pending key may be asked for again soon, one that a server does not take a little later', () => {
  const staged = { state: 'staged', scope: NOW } as const;
  const old = { publicKey: 'B', scope: BEFORE };
  expect(pending(ring([old, staged]))).toEqual({
    until: 'outdated key',
    stage: 'not on every server',
    seconds: 2,
    waitsFor: [],
  });
  expect(pending(ring([staged]))).toMatchObject({ until: 'nothing', seconds: 2 });
  expect(pending(ring([{ ...staged, waitsFor: ['n2'] }]))).toMatchObject({
    seconds: 5,
    waitsFor: ['n2'],
  });
});

test('a key that must not sign before a time may be asked for again then', () => {
  const staged = { state: 'staged', scope: NOW, onEveryServer: true } as const;
  const at = (seconds: number) =>
    pending(ring([{ ...staged, maySignAt: START + seconds * SECOND }]));
  expect(at(17.2)).toMatchObject({ stage: 'waiting', seconds: 18 });
  expect(at(-5)).toMatchObject({ stage: 'waiting', seconds: 1 });
});
