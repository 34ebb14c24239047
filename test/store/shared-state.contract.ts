import { describe, expect, test } from 'vitest';
import {
  type SharedState,
  type StateChange,
  StoreUnavailable,
} from '../../src/store/shared-state.ts';
import { eventually } from '../support/eventually.ts';

/** One store, and any number of processes that open it. */
export interface StateWorld extends AsyncDisposable {
  /** Another handle, with a connection of its own, as another process would have it. */
  open(): Promise<SharedState>;
  /** From now on the store can be neither read nor written. */
  breakStore(): Promise<void>;
}

/** Notes down all that a watcher is told. */
export async function follow(state: SharedState, prefix: string) {
  const told: StateChange[] = [];
  const stop = await state.watch(prefix, (change) => told.push(change));
  return { told, values: () => told.map(({ value }) => value), stop };
}

/** What every adapter of `SharedState` keeps. */
export function sharedStateContract(name: string, createWorld: () => Promise<StateWorld>): void {
  describe(`shared state in ${name}`, () => {
    test('writes a key only when it has the revision that the writer has seen', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const first = await state.write('ring.APP', 'one', 0);
      expect(first).toBeGreaterThan(0);
      expect(await state.write('ring.APP', 'other', 0)).toBeUndefined();
      expect(await state.write('ring.APP', 'other', first! + 1)).toBeUndefined();
      expect(await state.write('ring.LAB', 'two', 9)).toBeUndefined();
      const second = await state.write('ring.APP', 'three', first!);
      expect(second).toBeGreaterThan(first!);
      expect(await state.list('')).toEqual([{ key: 'ring.APP', value: 'three', revision: second }]);
    });

    test('counts exactly under 100 concurrent increments by four processes', async () => {
      await using world = await createWorld();
      const handles = await Promise.all(Array.from({ length: 4 }, () => world.open()));
      await handles[0]!.write('counter', '0', 0);
      const increment = async (state: SharedState): Promise<void> => {
        for (;;) {
          const [entry] = await state.list('counter');
          const next = `${Number(entry!.value) + 1}`;
          if ((await state.write('counter', next, entry!.revision)) !== undefined) return;
        }
      };
      await Promise.all(Array.from({ length: 100 }, (_, i) => increment(handles[i % 4]!)));
      for (const state of handles) {
        expect(await state.list('counter')).toMatchObject([{ value: '100' }]);
      }
    });

    test('deletes and makes again, and never takes an old revision for the new key', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const first = await state.write('lease', 'mine', 0);
      expect(await state.write('lease', undefined, first! + 7)).toBeUndefined();
      expect(await state.write('lease', undefined, first!)).toBeGreaterThan(0);
      expect(await state.list('')).toEqual([]);
      expect(await state.write('lease', 'late', first!)).toBeUndefined();
      expect(await state.write('lease', undefined, first!)).toBeUndefined();
      const again = await state.write('lease', 'again', 0);
      expect(again).toBeGreaterThan(first!);
      expect(await state.write('lease', 'late', first!)).toBeUndefined();
      expect(await state.write('lease', undefined, 0)).toBeUndefined();
      expect(await state.list('lease')).toEqual([
        { key: 'lease', value: 'again', revision: again },
      ]);
    });

    test('deletes nothing where nothing is', async () => {
      await using world = await createWorld();
      const state = await world.open();
      expect(await state.write('nothing', undefined, 0)).toBeGreaterThan(0);
      expect(await state.list('')).toEqual([]);
    });

    test('lists by prefix what another process has just written', async () => {
      await using world = await createWorld();
      const [one, two] = [await world.open(), await world.open()];
      for (const key of ['ring.A', 'ring.AB', 'ring.B', 'rings', 'lease']) {
        await one.write(key, `of ${key}`, 0);
        expect((await two.list(key)).map(({ value }) => value)).toContain(`of ${key}`);
      }
      const keys = async (prefix: string) =>
        (await two.list(prefix)).map(({ key }) => key).toSorted();
      expect(await keys('ring.')).toEqual(['ring.A', 'ring.AB', 'ring.B']);
      expect(await keys('ring.A')).toEqual(['ring.A', 'ring.AB']);
      expect(await keys('none')).toEqual([]);
    });

    test('gives back any text as it was, also a large one', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const value = JSON.stringify({ text: 'é \u{1f511} "\n\0', filler: 'x'.repeat(300_000) });
      await state.write('ring.APP', value, 0);
      const other = await world.open();
      expect((await other.list('ring.'))[0]?.value).toBe(value);
    });

    test('does not take a name that a store could not hold', async () => {
      await using world = await createWorld();
      const state = await world.open();
      for (const key of ['', '.', 'a.', '.a', 'a..b', 'a b', 'a*', 'a.>', 'é', 'a/b']) {
        await expect(state.write(key, 'x', 0)).rejects.toThrow(TypeError);
      }
    });

    test('tells a watcher what is there before watch() resolves, oldest first', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const a = await state.write('ring.A', 'a', 0);
      await state.write('ring.B', 'b', 0);
      await state.write('ring.GONE', 'x', 0);
      await state.write('lease', 'l', 0);
      await state.write('ring.A', 'a2', a!);
      const [gone] = await state.list('ring.GONE');
      await state.write('ring.GONE', undefined, gone!.revision);
      const { told } = await follow(await world.open(), 'ring.');
      expect(told).toEqual([
        expect.objectContaining({ key: 'ring.B', value: 'b' }),
        expect.objectContaining({ key: 'ring.A', value: 'a2' }),
      ]);
    });

    test('tells every process each change in the order of writing, deletions too', async () => {
      await using world = await createWorld();
      const [one, two] = [await world.open(), await world.open()];
      const here = await follow(one, 'ring.');
      const there = await follow(two, 'ring.');
      const elsewhere = await follow(two, 'revocation.');
      for (const round of [1, 2, 3]) {
        const a = await one.write('ring.A', `a${round}`, 0);
        const b = await two.write('ring.B', `b${round}`, 0);
        await two.write('lease', 'not asked for', 0);
        await two.write('ring.A', undefined, a!);
        await one.write('ring.B', undefined, b!);
        for (const { told } of [here, there]) {
          await eventually(() => {
            const last = new Map(told.map((change) => [change.key, change]));
            return (
              last.has('ring.B') &&
              last.get('ring.A')?.value === undefined &&
              last.get('ring.B')?.value === undefined
            );
          });
        }
      }
      for (const { told } of [here, there]) {
        const revisions = told.map(({ revision }) => revision);
        expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
        expect(new Set(revisions).size).toBe(revisions.length);
        const values = told.flatMap(({ value }) => value ?? []);
        expect(values).toEqual(values.toSorted((a, b) => a.slice(1).localeCompare(b.slice(1))));
        expect(told.every(({ key }) => key.startsWith('ring.'))).toBe(true);
      }
      expect(elsewhere.told).toEqual([]);
    });

    test('tells a listener that writes of what it wrote, after the others heard what came before', async () => {
      await using world = await createWorld();
      const state = await world.open();
      await state.watch('step.', ({ key }) => {
        if (key === 'step.1') void state.write('step.2', '', 0);
      });
      const { told } = await follow(state, 'step.');
      await state.write('step.1', '', 0);
      await eventually(() => told.length === 2);
      expect(told.map(({ key }) => key)).toEqual(['step.1', 'step.2']);
    });

    test('tells nothing to a watcher that has stopped', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const stopped = await follow(state, '');
      const going = await follow(state, '');
      stopped.stop();
      await state.write('lease', 'x', 0);
      await eventually(() => going.told.length === 1);
      expect(stopped.told).toEqual([]);
    });

    test('has told its watchers of what another process has written once list() resolves', async () => {
      await using world = await createWorld();
      const [one, two] = [await world.open(), await world.open()];
      const { told } = await follow(two, 'ring.');
      const revision = await one.write('ring.A', 'a', 0);
      await two.list('elsewhere');
      expect(told).toEqual([{ key: 'ring.A', value: 'a', revision }]);
      await one.write('ring.A', undefined, revision!);
      await two.list('elsewhere');
      expect(told.at(-1)).toMatchObject({ key: 'ring.A', value: undefined });
    });

    test('has reported everything written before freshAt', async () => {
      await using world = await createWorld();
      const [one, two] = [await world.open(), await world.open()];
      const { told } = await follow(two, 'n.');
      for (let n = 0; n < 2; n++) {
        await one.write(`n.${n}`, '', 0);
        const written = Date.now();
        await eventually(() => two.freshAt() > written);
        expect(told.map(({ key }) => key)).toContain(`n.${n}`);
      }
    });

    test('has a freshAt that grows by itself, and is never in the future', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const start = state.freshAt();
      expect(start).toBeGreaterThan(0);
      await eventually(() => state.freshAt() > start);
      expect(state.freshAt()).toBeLessThanOrEqual(Date.now());
    });

    test('throws if the store is unreachable, and its freshAt stops growing', async () => {
      await using world = await createWorld();
      const state = await world.open();
      const revision = await state.write('lease', 'x', 0);
      await world.breakStore();
      await expect(state.list('')).rejects.toThrow(StoreUnavailable);
      await expect(state.write('lease', 'y', revision!)).rejects.toMatchObject({
        name: 'StoreUnavailable',
        cause: expect.any(Error),
      });
      const broken = state.freshAt();
      for (let tries = 0; tries < 5; tries += 1) {
        await expect(state.list('')).rejects.toThrow(StoreUnavailable);
        expect(state.freshAt()).toBe(broken);
      }
    });

    test('reports nothing after it was closed', async () => {
      await using world = await createWorld();
      const [one, two] = [await world.open(), await world.open()];
      const { told } = await follow(one, '');
      const other = await follow(two, '');
      await one.close();
      await expect(one.list('')).rejects.toThrow(StoreUnavailable);
      await expect(one.write('lease', 'x', 0)).rejects.toThrow(StoreUnavailable);
      await two.write('lease', 'x', 0);
      await eventually(() => other.told.length === 1);
      expect(told).toEqual([]);
    });
  });
}
