import { describe, expect, test } from 'vitest';
import { revokeKey } from '../../src/keyring/changes.ts';
import { type Ring, ringKey, ringText } from '../../src/keyring/ring.ts';
import { openRingView } from '../../src/keyring/ring-view.ts';
import { createSealer } from '../../src/keyring/sealing.ts';
import {
  type SharedState,
  type StateEntry,
  StoreUnavailable,
} from '../../src/store/shared-state.ts';
import { createStateReplica } from '../../src/store/state-replica.ts';
import { eventually } from '../support/eventually.ts';
import { START } from './rings.ts';
import {
  handClock,
  ringOf,
  SEALER,
  sealedKey,
  stateFile,
  writeRing,
  writeText,
} from './stored-rings.ts';

/** A stored ring, and a view of it. */
async function viewed(...keys: Awaited<ReturnType<typeof sealedKey>>[]) {
  const file = stateFile();
  const state = file.open();
  if (keys.length > 0) await writeRing(state, ringOf(...keys.map(({ key }) => key)));
  const view = await openRingView({ state, sealer: SEALER });
  return {
    state,
    view,
    stored: async () => JSON.parse((await state.list(ringKey('APP')))[0]!.value) as Ring,
    async [Symbol.asyncDispose]() {
      view.close();
      await file[Symbol.asyncDispose]();
    },
  };
}

describe('a view of the rings', () => {
  test('has those that are there, with the pairs of keys that sign or soon will', async () => {
    const active = await sealedKey();
    const staged = await sealedKey({ state: 'staged' });
    const draining = await sealedKey({ state: 'draining' });
    await using world = await viewed(active, staged, draining);
    const { view } = world;
    expect(view.ring('APP')?.keys).toHaveLength(3);
    expect(view.pair(active.key.publicKey)?.seed()).toBe(active.pair.seed());
    expect(view.pair(staged.key.publicKey)?.seed()).toBe(staged.pair.seed());
    expect(view.pair(draining.key.publicKey)).toBeUndefined();
    expect(view.ring('LAB')).toBeUndefined();
    expect(view.problems.size).toBe(0);
  });

  test('follows what another process writes', async () => {
    const [one, two] = [await sealedKey(), await sealedKey({ state: 'staged' })];
    await using world = await viewed();
    await writeRing(world.state, ringOf(one.key, two.key));
    const pair = await eventually(() => world.view.pair(two.key.publicKey));
    expect(pair.publicKey).toBe(two.key.publicKey);
    expect(world.view.ring('APP')?.keys).toHaveLength(2);
  });

  test('gives out no pair of a key that no longer signs, and lets current holders finish signing', async () => {
    const active = await sealedKey();
    await using world = await viewed(active);
    const pair = world.view.pair(active.key.publicKey)!;
    await writeRing(world.state, revokeKey(ringOf(active.key), active.key.publicKey, START)!);
    await eventually(() => world.view.pair(active.key.publicKey) === undefined);
    expect(pair.sign(new Uint8Array(1))).toHaveLength(64);
  });

  test('wipes the pair of a key that signs no more, once nobody can be about to sign with it', async () => {
    const active = await sealedKey();
    await using file = stateFile();
    const state = file.open();
    await writeRing(state, ringOf(active.key));
    const view = await openRingView({ state, sealer: SEALER, lingerMilliseconds: 10 });
    const pair = view.pair(active.key.publicKey)!;
    await writeRing(state, revokeKey(ringOf(active.key), active.key.publicKey, START)!);
    await eventually(() => {
      try {
        return pair.seed() === '';
      } catch {
        return true;
      }
    });
    expect(view.pair(active.key.publicKey)).toBeUndefined();
    view.close();
  });

  test('wipes all pairs when it is closed', async () => {
    const active = await sealedKey();
    await using world = await viewed(active);
    const pair = world.view.pair(active.key.publicKey)!;
    world.view.close();
    expect(() => pair.sign(new Uint8Array(1))).toThrow('wiped');
  });

  test('forgets a ring that is deleted', async () => {
    const active = await sealedKey();
    await using world = await viewed(active);
    const [entry] = await world.state.list(ringKey('APP'));
    await world.state.write(ringKey('APP'), undefined, entry!.revision);
    await eventually(() => world.view.ring('APP') === undefined);
    expect(world.view.pair(active.key.publicKey)).toBeUndefined();
  });

  test('says why it cannot unseal a ring, and shows the ring without its key pairs', async () => {
    const active = await sealedKey();
    await using file = stateFile();
    const state = file.open();
    await writeRing(state, ringOf(active.key));
    const sealer = createSealer([new Uint8Array(32).fill(9)]);
    const view = await openRingView({ state, sealer });
    expect(view.problems.get('APP')).toContain('sealed with another sealing key');
    expect(view.ring('APP')).toBeDefined();
    expect(view.pair(active.key.publicKey)).toBeUndefined();
    view.close();
  });

  test('does not use a ring of an unknown version, and uses a known one again', async () => {
    const active = await sealedKey();
    await using world = await viewed(active);
    await writeText(
      world.state,
      ringText(ringOf(active.key)).replace('"version":1', '"version":2'),
    );
    await eventually(() => world.view.problems.has('APP'));
    expect(world.view.ring('APP')).toBeUndefined();
    expect(world.view.pair(active.key.publicKey)).toBeUndefined();
    await writeRing(world.state, ringOf(active.key));
    await eventually(() => world.view.pair(active.key.publicKey));
    expect(world.view.problems.size).toBe(0);
  });

  test.each(['null', '{"version":1}', '{"version":1,"keys":"none"}', 'not JSON'])(
    'is not brought down by %s in place of a ring: that is a problem of its account',
    async (text) => {
      const active = await sealedKey();
      await using world = await viewed(active);
      await writeText(world.state, text);
      await eventually(() => world.view.problems.has('APP'));
      expect(world.view.ring('APP')).toBeUndefined();
      await writeRing(world.state, ringOf(active.key));
      await eventually(() => world.view.pair(active.key.publicKey));
    },
  );

  test('takes the ring of a store that was restored, though it is older than the one it had', async () => {
    const { key } = await sealedKey();
    const { replica, state } = toldByHand();
    replica.apply(telling(9, ringOf(key)));
    replica.apply(telling(10, ringOf({ ...key, state: 'draining' })));
    const view = await openRingView({ state, sealer: SEALER });
    replica.reload([telling(9, ringOf(key))]);
    expect(view.ring('APP')?.keys).toMatchObject([{ state: 'active' }]);
    replica.apply(telling(10, ringOf({ ...key, state: 'retired' })));
    expect(view.ring('APP')?.keys).toMatchObject([{ state: 'retired' }]);
    view.close();
  });

  test('is as fresh as the store says', async () => {
    await using file = stateFile();
    const clock = handClock();
    const view = await openRingView({ state: file.open({ clock }), sealer: SEALER });
    clock.move(1234);
    expect(await eventually(() => view.freshAt() > START && view.freshAt())).toBe(START + 1234);
    view.close();
  });
});

/** A store whose tellings the test makes itself: what it is asked to write is told later. */
function toldByHand() {
  const replica = createStateReplica();
  const state: SharedState = {
    list: async (prefix) => replica.entries(prefix),
    write: async (_key, _value, revision) => revision + 2,
    watch: async (prefix, listener) => replica.watch(prefix, listener),
    freshAt: () => START,
    async close() {},
  };
  return { replica, state };
}

function telling(revision: number, ring: Ring): StateEntry {
  return { key: ringKey('APP'), value: ringText(ring), revision };
}

describe('raising the lifetime of a key', () => {
  test('applies at once, and is not undone by an earlier change that arrives later', async () => {
    const { key } = await sealedKey({ lifetimeSeconds: 1 });
    const { replica, state } = toldByHand();
    replica.apply(telling(8, ringOf(key)));
    const view = await openRingView({ state, sealer: SEALER });
    expect(await view.raise('APP', key.publicKey, 900)).toBe(true);
    replica.apply(telling(9, ringOf(key)));
    expect(view.ring('APP')?.keys[0]?.lifetimeSeconds).toBe(900);
    replica.apply(telling(10, ringOf({ ...key, lifetimeSeconds: 900 })));
    replica.apply(telling(11, ringOf({ ...key, lifetimeSeconds: 901 })));
    expect(view.ring('APP')?.keys[0]?.lifetimeSeconds).toBe(901);
    view.close();
  });

  test('stores it before it answers', async () => {
    const active = await sealedKey();
    await using world = await viewed(active);
    expect(await world.view.raise('APP', active.key.publicKey, 900)).toBe(true);
    expect((await world.stored()).keys[0]?.lifetimeSeconds).toBe(900);
    expect(world.view.ring('APP')?.keys[0]?.lifetimeSeconds).toBe(900);
  });

  test('goes through, also when others write the ring at the same time', async () => {
    const active = await sealedKey();
    await using world = await viewed(active);
    const raises = [10, 100, 1000, 5, 100].map((seconds) =>
      world.view.raise('APP', active.key.publicKey, seconds),
    );
    expect(await Promise.all(raises)).toEqual([true, true, true, true, true]);
    expect((await world.stored()).keys[0]?.lifetimeSeconds).toBe(1000);
  });

  test('is refused once the key drains in the store, though the view does not know it yet', async () => {
    const active = await sealedKey({ lifetimeSeconds: 16 });
    await using world = await viewed(active);
    await writeRing(world.state, ringOf({ ...active.key, state: 'draining' }));
    expect(await world.view.raise('APP', active.key.publicKey, 32)).toBe(false);
  });

  test('is refused for an account without a ring', async () => {
    await using world = await viewed();
    expect(await world.view.raise('APP', 'A', 1)).toBe(false);
  });

  test('is refused while the store is unreachable; other faults are thrown', async () => {
    const active = await sealedKey();
    await using file = stateFile();
    const state = file.open();
    await writeRing(state, ringOf(active.key));
    let fault: Error | undefined;
    const failing: SharedState = {
      ...state,
      write: async (...write) => {
        if (fault) throw fault;
        return state.write(...write);
      },
    };
    const view = await openRingView({ state: failing, sealer: SEALER });
    fault = new StoreUnavailable('disk full');
    expect(await view.raise('APP', active.key.publicKey, 1)).toBe(false);
    fault = new Error('a bug');
    await expect(view.raise('APP', active.key.publicKey, 1)).rejects.toThrow('a bug');
    fault = undefined;
    expect(await view.raise('APP', active.key.publicKey, 1)).toBe(true);
    view.close();
  });
});
