import { describe, expect, test } from 'vitest';
import { requestRotation, revokeKey } from '../../src/keyring/changes.ts';
import type { Wanted } from '../../src/keyring/step-input.ts';
import { retiresAt } from '../../src/keyring/draining.ts';
import { step } from '../../src/keyring/step.ts';
import {
  ANY_AGE,
  DAY,
  GRACE,
  ringWorld,
  scope,
  scoped,
  SECOND,
  SKEW,
  STAGED,
  START,
  WANTED,
} from './rings.ts';

describe('an empty ring', () => {
  test('asks for a key, stages it, and lets it sign only once every server has it', () => {
    const world = ringWorld();
    world.confirmed = new Set();
    expect(step(world.input()).sparesMissing).toBe(1);
    expect(world.go()).toEqual(['KEY1: staged (first)']);
    expect(world.go(DAY)).toEqual([]);
    world.confirmed = new Set(['KEY1']);
    expect(world.go()).toEqual(['KEY1: staged → active (first)', 'KEY2: staged (schedule)']);
  });

  test('comes to one active and one staged key in each slot', () => {
    const slots = ['*', 'reader'].map((slot) => ({ slot, onChange: 'drain' as const }));
    const world = ringWorld({ wanted: { ...WANTED, slots } });
    world.go();
    expect(
      world.ring.keys
        .map(({ slot, state }) => `${slot} ${state}`)
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['* active', '* staged', 'reader active', 'reader staged']);
  });

  test('wants nothing where the configuration wants nothing', () => {
    const world = ringWorld({ wanted: { ...WANTED, slots: [] } });
    expect(world.go()).toEqual([]);
  });
});

describe('a staged key', () => {
  test('waits for two lease terms where another process may have led before', () => {
    const world = ringWorld({ term: 2 });
    expect(world.go()).toEqual(['KEY1: staged (first)']);
    expect(world.go(STAGED / SECOND - 0.001)).toEqual([]);
    expect(world.go(0.001)).toContain('KEY1: staged → active (first)');
  });

  test('waits when it was staged in the first term and another one leads now', () => {
    const world = ringWorld();
    world.confirmed = new Set();
    world.go();
    world.confirmed = undefined;
    world.term = 2;
    world.inFlight = [ANY_AGE];
    expect(world.go()).toEqual([]);
    expect(world.go(STAGED / SECOND)).toContain('KEY1: staged → active (first)');
  });

  test('waits for account JWTs without it to arrive, and for no others', () => {
    const world = ringWorld();
    const lists = new Set(['KEY1', 'KEY2', 'KEY3']);
    world.inFlight = [
      { lists: new Set(['KEY2']), until: START + 5 * SECOND },
      { lists, until: START + 15 * SECOND },
    ];
    expect(world.go()).toEqual(['KEY1: staged (first)']);
    expect(world.go(4.999)).toEqual([]);
    expect(world.go(0.001)).toContain('KEY1: staged → active (first)');
  });

  test('says for people when it may sign, and which servers it waits for, as long as that is so', () => {
    const world = ringWorld();
    world.confirmed = new Set();
    world.inFlight = [{ lists: new Set(), until: START + 15 * SECOND }];
    world.lacking = new Map([['KEY1', ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']]]);
    world.go();
    expect(world.key('KEY1')).toMatchObject({
      maySignAt: START + 15 * SECOND,
      waitsFor: ['n1', 'n2', 'n3', 'n4', 'n5'],
    });
    world.lacking = new Map();
    world.inFlight = [];
    world.go(1);
    expect(world.key('KEY1')).not.toHaveProperty('maySignAt');
    expect(world.key('KEY1')).not.toHaveProperty('waitsFor');
  });

  test('is not written anew with each look for moments of difference', () => {
    const world = ringWorld();
    world.confirmed = new Set();
    world.inFlight = [{ lists: new Set(), until: START + 15 * SECOND }];
    world.go();
    const { ring } = world;
    world.inFlight = [{ lists: new Set(), until: START + 16 * SECOND }];
    world.go(1);
    expect(world.ring).toBe(ring);
  });

  test('waits from when it was read back, not from when a process that was paused then had meant to store it', () => {
    const world = ringWorld({ term: 2 });
    const { ring } = world.step();
    world.now += DAY;
    world.ring = ring;
    expect(world.go()).toEqual([]);
    expect(world.go(STAGED / SECOND)).toContain('KEY1: staged → active (first)');
  });

  test('does not wait for a clock that was ahead when it was staged', () => {
    const world = ringWorld({ term: 2 });
    world.go();
    world.now -= 400 * DAY;
    expect(world.go()).toEqual([]);
    expect(world.go(STAGED / SECOND)).toContain('KEY1: staged → active (first)');
  });

  test('may sign once every server has it, whether or not all servers answered about the rest', () => {
    const world = ringWorld();
    world.complete = false;
    expect(world.go()).toContain('KEY1: staged → active (first)');
  });

  test('is not promoted before it is due', () => {
    const world = ringWorld();
    world.go();
    expect(world.go(DAY / SECOND - 1)).toEqual([]);
  });

  test('stays the only one of its slot, the oldest, when a ring comes with more', () => {
    const world = ringWorld();
    world.go();
    const staged = world.key('KEY2');
    world.ring = { ...world.ring, keys: [...world.ring.keys, { ...staged, publicKey: 'KEY9' }] };
    expect(world.go()).toEqual(['KEY9: staged → retired (superseded)']);
  });
});

describe('a rotation', () => {
  test('happens when the period is over', () => {
    const world = ringWorld();
    world.go();
    world.signed('KEY1', 60);
    expect(world.go(DAY / SECOND)).toEqual([
      'KEY1: active → draining (schedule)',
      'KEY2: staged → active (schedule)',
      'KEY3: staged (schedule)',
    ]);
  });

  test('waits for its turn until the staged key is confirmed', () => {
    const world = ringWorld();
    world.go();
    world.confirmed = new Set(['KEY1']);
    expect(world.go(2 * (DAY / SECOND))).toEqual([]);
    world.confirmed = undefined;
    expect(world.go()).toContain('KEY2: staged → active (schedule)');
  });

  test('happens only when it is asked for where no period is set', () => {
    const { everyMilliseconds: _, ...wanted } = WANTED;
    const world = ringWorld({ wanted });
    world.go();
    expect(world.go((1000 * DAY) / SECOND)).toEqual([]);
    world.ring = requestRotation(world.ring, ['*'], world.now);
    expect(world.go()).toContain('KEY2: staged → active (requested)');
  });

  test('that was asked for happens once', () => {
    const world = ringWorld();
    world.go();
    world.go(60);
    world.ring = requestRotation(world.ring, ['*'], world.now);
    expect(world.go()).toEqual([
      'KEY1: active → draining (requested)',
      'KEY2: staged → active (requested)',
      'KEY3: staged (schedule)',
      'KEY1: draining → retired (expired)',
    ]);
    expect(world.ring.rotationRequests).toEqual({});
    expect(world.go(60)).toEqual([]);
  });

  test('that was asked for by a process whose clock is behind happens too', () => {
    const world = ringWorld();
    world.go();
    world.ring = requestRotation(world.ring, ['*'], START - DAY);
    expect(world.go(60)).toContain('KEY2: staged → active (requested)');
  });

  test('that was asked for a slot which nobody wants is forgotten', () => {
    const world = ringWorld();
    world.ring = requestRotation(world.ring, ['writer', 'constructor'], world.now);
    world.go();
    expect(world.ring.rotationRequests).toEqual({});
  });

  test('of one slot leaves the others alone', () => {
    const slots = ['*', 'reader'].map((slot) => ({ slot, onChange: 'drain' as const }));
    const world = ringWorld({ wanted: { ...WANTED, slots } });
    world.go();
    const others = world.ring.keys.filter(({ slot }) => slot === '*');
    world.ring = requestRotation(world.ring, ['reader'], world.now);
    world.go(60);
    expect(world.ring.keys.filter(({ slot }) => slot === '*')).toEqual(others);
    expect(world.ring.keys.filter(({ slot }) => slot === 'reader')).toHaveLength(3);
  });
});

describe('a draining key', () => {
  /** KEY1 drains, and has signed credentials of an hour. */
  function draining() {
    const world = ringWorld();
    world.go();
    world.signed('KEY1', 3600);
    world.go(DAY / SECOND);
    return world;
  }

  test('is retired when all it signed has expired, with the grace and what clocks may be off', () => {
    const world = draining();
    const end = START + DAY + GRACE + 3600 * SECOND + SKEW;
    expect(retiresAt(world.key('KEY1'), GRACE)).toBe(end);
    expect(world.go((end - world.now) / SECOND - 0.001)).toEqual([]);
    expect(world.go(0.001)).toEqual(['KEY1: draining → retired (expired)']);
    expect(world.key('KEY1')).not.toHaveProperty('sealedSeed');
  });

  test('drains from when that was read back: until then others went on signing with it', () => {
    const world = ringWorld();
    world.go();
    world.signed('KEY1', 3600);
    world.now += DAY;
    const { ring } = world.step();
    world.now += 2 * 3600 * SECOND;
    world.ring = ring;
    expect(world.go()).toEqual([]);
    expect(world.go((GRACE + SKEW) / SECOND + 3599)).toEqual([]);
    expect(world.go(1)).toEqual(['KEY1: draining → retired (expired)']);
  });

  test('that signed nothing is retired at once', () => {
    const world = ringWorld();
    world.go();
    expect(world.go(DAY / SECOND)).toContain('KEY1: draining → retired (expired)');
  });

  test('keeps its seed sealed until it is retired', () => {
    expect(draining().key('KEY1').sealedSeed).toBe('SEALED1');
  });

  test('is not retired early by a clock that goes back', () => {
    const world = draining();
    world.now -= 10 * DAY;
    expect(world.go()).toEqual([]);
  });

  test('waits for nothing to be confirmed', () => {
    const world = draining();
    world.confirmed = new Set();
    world.complete = false;
    expect(world.go(2 * 3600)).toEqual(['KEY1: draining → retired (expired)']);
  });

  test('is the only one of which it is known when it retires', () => {
    const world = draining();
    expect(retiresAt(world.key('KEY2'), GRACE)).toBeUndefined();
    expect(retiresAt(world.key('KEY3'), GRACE)).toBeUndefined();
  });
});

describe("a change of a role's template", () => {
  function changed(onChange: 'drain' | 'cut') {
    const world = ringWorld({ wanted: scoped('orders.>', onChange), term: 2 });
    world.go();
    world.go(STAGED / SECOND);
    world.go(STAGED / SECOND);
    world.signed('KEY1', 3600);
    world.wanted = scoped('orders.new.>', onChange);
    return world;
  }

  test('drops the staged key, stages one that fits, and leaves the active one until that may sign', () => {
    const world = changed('drain');
    expect(world.go()).toEqual([
      'KEY2: staged → retired (policy-changed)',
      'KEY3: staged (schedule)',
    ]);
    expect(world.key('KEY3').scope).toEqual(scope('reader', 'orders.new.>'));
    expect(world.keysIn('active')).toEqual(['KEY1']);
  });

  test('lets the users of the old template drain', () => {
    const world = changed('drain');
    world.go();
    expect(world.go(STAGED / SECOND)).toEqual([
      'KEY1: active → draining (policy-changed)',
      'KEY3: staged → active (policy-changed)',
      'KEY4: staged (schedule)',
    ]);
  });

  test('disconnects them if the account is configured so', () => {
    const world = changed('cut');
    world.go();
    expect(world.go(STAGED / SECOND)).toContain('KEY1: active → retired (policy-changed)');
    expect(world.key('KEY1')).not.toHaveProperty('sealedSeed');
  });

  test('disconnects users of keys that were already draining', () => {
    const world = changed('cut');
    world.wanted = scoped('orders.>', 'cut');
    world.ring = requestRotation(world.ring, ['reader'], world.now);
    world.go(STAGED / SECOND);
    world.go(STAGED / SECOND);
    expect(world.keysIn('draining')).toEqual(['KEY1']);
    world.wanted = scoped('orders.new.>', 'cut');
    world.go();
    expect(world.go(STAGED / SECOND)).toEqual(
      expect.arrayContaining([
        'KEY1: draining → retired (policy-changed)',
        'KEY2: active → retired (policy-changed)',
      ]),
    );
  });

  test('disconnects nobody whose template is the same', () => {
    const world = ringWorld({ wanted: scoped('orders.>', 'cut') });
    world.go();
    world.signed('KEY1', 3600);
    expect(world.go(DAY / SECOND)).toContain('KEY1: active → draining (schedule)');
  });

  test('that is taken back before the new key signs leaves the old one signing', () => {
    const world = changed('drain');
    world.go();
    world.wanted = scoped('orders.>');
    expect(world.go()).toEqual([
      'KEY3: staged → retired (policy-changed)',
      'KEY4: staged (schedule)',
    ]);
    expect(world.go(STAGED / SECOND)).toEqual([]);
    expect(world.keysIn('active')).toEqual(['KEY1']);
  });
});

describe('a removed role', () => {
  test('drains its active key and retires its staged one', () => {
    const world = ringWorld({ wanted: scoped('orders.>') });
    world.go();
    world.signed('KEY1', 60);
    world.wanted = { ...WANTED, slots: [] };
    expect(world.go()).toEqual([
      'KEY1: active → draining (role-removed)',
      'KEY2: staged → retired (role-removed)',
    ]);
    expect(world.go(60 + (GRACE + SKEW) / SECOND)).toEqual(['KEY1: draining → retired (expired)']);
  });

  test('gets new keys when it comes back', () => {
    const world = ringWorld({ wanted: scoped('orders.>') });
    world.go();
    world.signed('KEY1', 60);
    world.wanted = { ...WANTED, slots: [] };
    world.go();
    world.wanted = scoped('orders.>');
    expect(world.go()).toContain('KEY3: staged → active (first)');
    expect(world.keysIn('draining')).toEqual(['KEY1']);
  });
});

describe('an active key that was revoked', () => {
  test('is replaced by the staged one as soon as that may sign', () => {
    const world = ringWorld({ term: 2 });
    world.go();
    world.go(STAGED / SECOND);
    world.ring = revokeKey(world.ring, 'KEY1', world.now)!;
    expect(world.go()).toEqual([]);
    expect(world.go(STAGED / SECOND)).toEqual([
      'KEY2: staged → active (first)',
      'KEY3: staged (schedule)',
    ]);
  });
});

describe('keys that the operator gives', () => {
  const given = (...publicKeys: string[]): Wanted => ({
    ...WANTED,
    given: publicKeys.map((publicKey) => ({ publicKey, slot: '*' })),
  });
  const external = (...publicKeys: string[]) =>
    ringWorld({ wanted: given(...publicKeys), kind: 'external' });

  test('are all staged, and the first that the account lists signs, without a wait', () => {
    const world = external('A', 'B', 'C');
    world.term = 7;
    world.confirmed = new Set(['B', 'C']);
    expect(world.go()).toEqual([
      'A: staged (first)',
      'B: staged (first)',
      'C: staged (first)',
      'B: staged → active (first)',
    ]);
    expect(step(world.input()).sparesMissing).toBe(0);
  });

  test('are used one after the other', () => {
    const world = external('A', 'B', 'C');
    world.go();
    expect(world.go(DAY / SECOND)).toContain('B: staged → active (schedule)');
    expect(world.go(DAY / SECOND)).toContain('C: staged → active (schedule)');
  });

  test('stay in use when the ring runs dry', () => {
    const world = external('A');
    world.go();
    expect(world.go((5 * DAY) / SECOND)).toEqual([]);
    expect(world.keysIn('active')).toEqual(['A']);
    world.wanted = given('A', 'B');
    expect(world.go()).toContain('B: staged → active (schedule)');
  });

  test('do not sign while the account does not list them', () => {
    const world = external('A');
    world.go();
    world.confirmed = new Set();
    world.go();
    expect(world.key('A')).toMatchObject({ state: 'active', unlisted: true });
    world.confirmed = new Set(['A']);
    world.go();
    expect(world.key('A')).not.toHaveProperty('unlisted');
  });

  test('are not taken for unlisted while servers are missing', () => {
    const world = external('A');
    world.go();
    world.confirmed = new Set();
    world.complete = false;
    expect(world.go()).toEqual([]);
    expect(world.key('A')).not.toHaveProperty('unlisted');
  });

  test('make way for a listed one when they are unlisted', () => {
    const world = external('A', 'B');
    world.go();
    world.signed('A', 60);
    world.confirmed = new Set(['B']);
    expect(world.go()).toEqual([
      'A: active → draining (not-listed)',
      'B: staged → active (not-listed)',
    ]);
  });

  test('drain when they are given no longer, and wait their turn when they are given again', () => {
    const world = external('A', 'B', 'C');
    world.go();
    world.signed('A', 60);
    world.wanted = given('C');
    expect(world.go()).toEqual([
      'A: active → draining (no-longer-given)',
      'B: staged → retired (no-longer-given)',
      'C: staged → active (first)',
    ]);
    world.wanted = given('A', 'B', 'C');
    expect(world.go()).toEqual(['A: staged (first)', 'B: staged (first)']);
    world.signed('C', 60);
    world.ring = requestRotation(world.ring, ['*'], world.now);
    expect(world.go()).toEqual([
      'C: active → draining (requested)',
      'A: staged → active (requested)',
    ]);
    expect(world.key('A')).toMatchObject({ lifetimeSeconds: 60 });
  });

  test('change over when their role has another name', () => {
    const world = external('A');
    world.go();
    const slots = [{ slot: 'reader', onChange: 'drain' as const }];
    world.wanted = { ...WANTED, slots, given: [{ publicKey: 'A', slot: 'reader' }] };
    expect(world.go()).toEqual([
      'A: active → draining (no-longer-given)',
      'A: staged (first)',
      'A: staged → active (first)',
    ]);
    expect(world.key('A')).toMatchObject({ slot: 'reader', state: 'active' });
  });

  test('that were used or revoked never come back', () => {
    const world = external('A', 'B');
    world.go();
    world.signed('A', 60);
    world.ring = revokeKey(world.ring, 'A', world.now)!;
    world.go();
    world.wanted = given('B');
    world.go();
    world.wanted = given('A', 'B');
    expect(world.go()).toEqual([]);
    expect(world.go((500 * DAY) / SECOND)).toEqual([]);
    expect(world.keysIn('retired')).toEqual(['A']);
  });

  test('take over what their role says now', () => {
    const world = ringWorld({ kind: 'external' });
    const key = { publicKey: 'A', slot: 'reader' };
    const slots = [{ slot: 'reader', onChange: 'cut' as const }];
    world.wanted = { ...WANTED, slots, given: [{ ...key, scope: scope('reader', 'a') }] };
    world.go();
    world.wanted = { ...WANTED, slots, given: [{ ...key, scope: scope('reader', 'b') }] };
    expect(world.go()).toEqual([]);
    expect(world.key('A')).toMatchObject({ state: 'active', scope: scope('reader', 'b') });
    world.wanted = { ...WANTED, slots, given: [key] };
    world.go();
    expect(world.key('A')).not.toHaveProperty('scope');
  });

  test('have no sealed seeds in the ring', () => {
    const world = external('A', 'B');
    world.go();
    expect(JSON.stringify(world.ring)).not.toContain('sealedSeed');
  });
});

describe('retired keys', () => {
  test('are remembered for 400 days, of managed accounts', () => {
    const world = ringWorld({ wanted: scoped('a') });
    world.go();
    world.wanted = { ...WANTED, slots: [] };
    world.go();
    expect(world.keysIn('retired')).toEqual(['KEY1', 'KEY2']);
    expect(world.key('KEY1')).toMatchObject({ gone: true });
    world.go((400 * DAY) / SECOND);
    expect(world.ring.keys).toHaveLength(2);
    world.go(1);
    expect(world.ring.keys).toEqual([]);
  });

  test('are remembered up to the last 200', () => {
    const world = ringWorld();
    for (let i = 0; i < 205; i += 1) world.go(DAY / SECOND);
    expect(world.keysIn('retired').length).toBeLessThanOrEqual(201);
    expect(world.keysIn('retired').length).toBeGreaterThanOrEqual(200);
    expect(world.keysIn('retired')).not.toContain('KEY1');
  });

  test('are never forgotten while some account JWT may still list them, nor for being many when revoked', () => {
    const world = ringWorld();
    world.go();
    world.ring = revokeKey(world.ring, 'KEY1', world.now)!;
    world.complete = false;
    world.go();
    world.complete = true;
    for (let i = 0; i < 250; i += 1) world.go(DAY / SECOND);
    expect(world.keysIn('retired')).toContain('KEY1');
    const before = world.keysIn('retired').length;
    world.complete = false;
    world.go((500 * DAY) / SECOND);
    expect(world.keysIn('retired').length).toBeGreaterThanOrEqual(before - 201);
  });
});

describe('a step', () => {
  test('returns the same ring object if nothing changes', () => {
    const world = ringWorld();
    world.go();
    const input = world.input();
    expect(step(input)).toEqual({ ring: input.ring, changes: [], sparesMissing: 0 });
    expect(step(input).ring).toBe(input.ring);
  });

  test('leaves the ring that it was given as it was', () => {
    const world = ringWorld();
    world.go();
    world.ring = requestRotation(world.ring, ['*'], world.now);
    const before = structuredClone(world.ring);
    world.now += DAY;
    step(world.input([world.spare()]));
    expect(world.ring).toEqual(before);
  });

  test('notes every change to be reported, after those that were not yet', () => {
    const world = ringWorld();
    world.go();
    expect(world.ring.unreported).toEqual([
      { time: START, account: 'APP', slot: '*', publicKey: 'KEY1', to: 'staged', reason: 'first' },
      {
        time: START,
        account: 'APP',
        slot: '*',
        publicKey: 'KEY1',
        from: 'staged',
        to: 'active',
        reason: 'first',
      },
      {
        time: START,
        account: 'APP',
        slot: '*',
        publicKey: 'KEY2',
        to: 'staged',
        reason: 'schedule',
      },
    ]);
  });
});
