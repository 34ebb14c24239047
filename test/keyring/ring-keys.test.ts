import { describe, expect, test } from 'vitest';
import type { KeyScope, RingKey } from '../../src/keyring/ring.ts';
import { type RingAccount, ringKeys } from '../../src/keyring/ring-keys.ts';
import type { RingView } from '../../src/keyring/ring-view.ts';
import { openRingView } from '../../src/keyring/ring-view.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { verifySignature } from '../../src/nats/key-pair.ts';
import { eventually } from '../support/eventually.ts';
import { GRACE, scope } from './rings.ts';
import { handClock, ringOf, SEALER, sealedKey, stateFile, writeRing } from './stored-rings.ts';

type SealedKey = Awaited<ReturnType<typeof sealedKey>>;

const ACCOUNT: RingAccount = {
  name: 'APP',
  publicKey: 'ACCOUNT',
  kind: 'managed',
  graceMilliseconds: GRACE,
  scopeOf: () => undefined,
  longestLifetimeOf: () => 3600,
};

/** A stored ring, seen by a process that issues. Its roles are scoped as `scopes` says. */
async function issuing(
  keys: SealedKey[],
  { scopes = {}, ...more }: { scopes?: Record<string, KeyScope> } & Partial<RingAccount> = {},
) {
  const file = stateFile();
  const clock = handClock();
  const state = file.open({ clock });
  await writeRing(state, ringOf(...keys.map(({ key }) => key)));
  const view = await openRingView({ state, sealer: SEALER });
  // The store goes on telling that nothing has changed, until the test breaks that.
  let brokenAt: number | undefined;
  const seen: RingView = { ...view, freshAt: () => brokenAt ?? clock.now() };
  const account: RingAccount = { ...ACCOUNT, scopeOf: (role) => scopes[role], ...more };
  return {
    state,
    clock,
    view,
    keys: ringKeys({ view: seen, accounts: [account], clock }),
    breakStore: () => {
      brokenAt = clock.now();
    },
    async [Symbol.asyncDispose]() {
      view.close();
      await file[Symbol.asyncDispose]();
    },
  };
}

const signed = (more: Partial<RingKey> = {}) => sealedKey({ lifetimeSeconds: 3600, ...more });

describe('the keys of a ring', () => {
  test('sign with the active key of the slot for all roles, at once where its lifetime is known', async () => {
    const active = await signed();
    await using world = await issuing([active]);
    const key = world.keys.active('APP', 'reader', 3600);
    if (!key || key instanceof Promise) throw new Error('it should have been at hand');
    expect(key).toMatchObject({
      publicKey: active.key.publicKey,
      account: 'ACCOUNT',
      scopedTo: undefined,
    });
    const message = new TextEncoder().encode('message');
    expect(verifySignature(active.key.publicKey, message, key.sign(message))).toBe(true);
  });

  test('answer the same object for the same key', async () => {
    await using world = await issuing([await signed()]);
    expect(world.keys.active('APP', 'a', 1)).toBe(world.keys.active('APP', 'b', 1));
  });

  test('never sign for another account than the ring is of, whatever its name', async () => {
    await using world = await issuing([await signed()], { publicKey: 'ANOTHER' });
    expect(world.keys.active('APP', 'reader', 1)).toBeUndefined();
  });

  test('never sign from a ring of the time when the account was managed', async () => {
    await using world = await issuing([await signed()], { kind: 'external' });
    expect(world.keys.active('APP', 'reader', 1)).toBeUndefined();
  });

  test.each(['staged', 'draining', 'retired'] as const)(
    'never sign with a %s key',
    async (state) => {
      await using world = await issuing([await signed({ state })]);
      expect(world.keys.active('APP', 'reader', 1)).toBeUndefined();
    },
  );

  test('never sign with a key that the account does not list', async () => {
    await using world = await issuing([await signed({ unlisted: true })]);
    expect(world.keys.active('APP', 'reader', 1)).toBeUndefined();
  });

  test('of another account do not exist', async () => {
    await using world = await issuing([await signed()]);
    expect(world.keys.active('LAB', 'reader', 1)).toBeUndefined();
  });

  test('sign with the key of the role where it has one', async () => {
    const scopes = { reader: scope('reader', 'a') };
    const [own, any] = [await signed({ slot: 'reader', scope: scopes.reader }), await signed()];
    await using world = await issuing([any, own], { scopes });
    expect(world.keys.active('APP', 'reader', 1)).toMatchObject({
      publicKey: own.key.publicKey,
      scopedTo: 'reader',
    });
    expect(world.keys.active('APP', 'writer', 1)).toMatchObject({ publicKey: any.key.publicKey });
  });

  test('sign with pairs that the operator gave', async () => {
    const { pair, key } = await signed();
    const { sealedSeed: _, ...bare } = key;
    await using world = await issuing([{ pair, key: bare }], {
      given: new Map([[pair.publicKey, pair]]),
    });
    expect(world.keys.active('APP', 'reader', 1)).toMatchObject({ publicKey: pair.publicKey });
  });

  test('change with the ring', async () => {
    const [one, two] = [await signed(), await signed({ state: 'staged' })];
    await using world = await issuing([one, two]);
    await writeRing(
      world.state,
      ringOf({ ...one.key, state: 'draining' }, { ...two.key, state: 'active' }),
    );
    await eventually(() => world.view.ring('APP')?.keys[1]?.state === 'active');
    expect(world.keys.active('APP', 'reader', 1)).toMatchObject({ publicKey: two.key.publicKey });
  });
});

describe('a key with an outdated template', () => {
  const today = scope('reader', 'b', { team: 'claims.team' });
  async function answer(before: KeyScope, now: KeyScope | undefined) {
    const key = await signed({ slot: 'reader', scope: before });
    await using world = await issuing([key], now ? { scopes: { reader: now } } : {});
    return world.keys.active('APP', 'reader', 1) !== undefined;
  }

  test('signs on where the policy gives every tag that it needs', async () => {
    expect(await answer(scope('reader', 'a', { team: 'claims.team' }), today)).toBe(true);
    expect(await answer(scope('reader', 'a'), today)).toBe(true);
  });

  test('does not sign where a tag would be missing or mean something else', async () => {
    expect(await answer(scope('reader', 'a', { group: 'claims.team' }), today)).toBe(false);
    expect(await answer(scope('reader', 'a', { team: 'claims.group' }), today)).toBe(false);
  });

  test('does not sign for a role that is not scoped any more', async () => {
    expect(await answer(scope('reader', 'a'), undefined)).toBe(false);
  });
});

describe('a first credential of a longer lifetime', () => {
  test('waits until the store knows the lifetime', async () => {
    const active = await sealedKey();
    await using world = await issuing([active]);
    const answer = world.keys.active('APP', 'reader', 900);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toMatchObject({ publicKey: active.key.publicKey });
    expect(world.view.ring('APP')?.keys[0]?.lifetimeSeconds).toBe(1024);
    expect(world.keys.active('APP', 'reader', 1000)).not.toBeInstanceOf(Promise);
  });

  test('is what the next key is prepared for, so that nobody waits when it takes over', async () => {
    const [one, two] = [await signed(), await sealedKey({ state: 'staged' })];
    const other = await sealedKey({ state: 'staged', slot: 'other' });
    await using world = await issuing([one, two, other]);
    expect(world.keys.active('APP', 'reader', 900)).not.toBeInstanceOf(Promise);
    await eventually(() => world.view.ring('APP')?.keys[1]?.lifetimeSeconds === 1024);
    const { keys } = world.view.ring('APP')!;
    expect(keys.map(({ lifetimeSeconds }) => lifetimeSeconds)).toEqual([3600, 1024, 0]);
    await writeRing(
      world.state,
      ringOf({ ...keys[0]!, state: 'draining' }, { ...keys[1]!, state: 'active' }),
    );
    await eventually(() => world.view.ring('APP')?.keys[1]?.state === 'active');
    expect(world.keys.active('APP', 'reader', 900)).not.toBeInstanceOf(Promise);
  });

  test('is signed by the key that replaced the known one, even before the watch reports it', async () => {
    const [one, two] = [await sealedKey(), await signed({ state: 'staged' })];
    await using file = stateFile();
    const state = file.open();
    await writeRing(state, ringOf(one.key, two.key));
    const mute: SharedState = {
      ...state,
      async watch(prefix, listener) {
        const stop = await state.watch(prefix, listener);
        stop();
        return stop;
      },
    };
    const clock = handClock();
    const view = await openRingView({ state: mute, sealer: SEALER });
    const keys = ringKeys({ view, accounts: [ACCOUNT], clock });
    await writeRing(
      state,
      ringOf({ ...one.key, state: 'draining' }, { ...two.key, state: 'active' }),
    );
    expect(await keys.active('APP', 'reader', 900)).toMatchObject({ publicKey: two.key.publicKey });
    view.close();
  });
});

describe('a process that lost the store', () => {
  test('goes on signing for as long as the grace, and no longer', async () => {
    await using world = await issuing([await signed()]);
    world.breakStore();
    world.clock.move(GRACE);
    expect(world.keys.active('APP', 'reader', 1)).toBeDefined();
    world.clock.move(1);
    expect(world.keys.active('APP', 'reader', 1)).toBeUndefined();
  });

  test('signs nothing that lives longer than the store knows', async () => {
    const active = await signed({ lifetimeSeconds: 64 });
    await using world = await issuing([active]);
    await world.state.close();
    expect(world.keys.active('APP', 'reader', 64)).toBeDefined();
    expect(await world.keys.active('APP', 'reader', 65)).toBeUndefined();
  });
});
