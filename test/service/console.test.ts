import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { systemClock } from '../../src/clock.ts';
import type { ConsolePart } from '../../src/http/console/deps.ts';
import { consoleSource } from '../../src/service/console.ts';
import { openSqliteState } from '../../src/store/sqlite/state.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { denied, ids, issued } from '../audit/events.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { eventually } from '../support/eventually.ts';

const empty = () => ({ warnings: [], issuers: [], roles: [], bindings: [], accounts: [] });

/** The real log and the real shared state, and what the console makes of them. */
function openWorld() {
  const directory = temporaryDirectory();
  const auditFile = join(directory.path, 'sts.db');
  const store = openStore({ file: auditFile, survive: 'process-crash' });
  const audit = openSqliteLog({ store, clock: systemClock, retentionSeconds: 1e9 });
  const real = openSqliteState({ store, clock: systemClock });
  const watches = { open: 0, failing: false };
  const state: Pick<SharedState, 'watch'> = {
    watch: async (prefix, listener) => {
      if (watches.failing) throw new Error('out of reach');
      const stop = await real.watch(prefix, listener);
      watches.open += 1;
      return () => {
        watches.open -= 1;
        stop();
      };
    },
  };
  const configuration = { current: empty() };
  const source = consoleSource({
    auditFile,
    state,
    config: () => configuration.current,
    lookMilliseconds: 10,
  });
  return {
    source,
    audit,
    state: real,
    watches,
    configuration,
    [Symbol.asyncDispose]: async () => {
      source.close();
      await real.close();
      await audit.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

let world: ReturnType<typeof openWorld>;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** Follows, and forgets on demand what was told. */
async function follow() {
  const told = new Set<ConsolePart>();
  const stop = world.source.follow((part) => told.add(part));
  await eventually(() => world.watches.open === 2);
  return {
    stop,
    /** What was told since the last time, once there are so many parts. */
    heard: async (count: number) => {
      await eventually(() => told.size >= count);
      const parts = [...told].sort();
      told.clear();
      return parts;
    },
  };
}

test('activity is what the log has, filtered, the newest first', async () => {
  await world.audit.record(issued({ requestId: 'a', role: 'one' }));
  await world.audit.record(denied({ requestId: 'b' }));
  await world.audit.record(issued({ requestId: 'c', role: 'one' }));
  const first = world.source.activity({ role: 'one', limit: 1 });
  expect(ids(first.events)).toEqual(['c']);
  const second = world.source.activity({ role: 'one', limit: 1, before: first.next! });
  expect(ids(second.events)).toEqual(['a']);
  expect(second.next).toBeUndefined();
  expect(ids(world.source.activity({ limit: 9, after: second.newer! }).events)).toEqual(['c']);
});

test('each change names the part that it concerns', async () => {
  const follower = await follow();
  await world.audit.record(issued());
  expect(await follower.heard(2)).toEqual(['activity', 'credentials']);
  await world.state.write('ring.APP', '{}', 0);
  expect(await follower.heard(2)).toEqual(['credentials', 'keys']);
  await world.state.write('revocation.x', '{}', 0);
  expect(await follower.heard(2)).toEqual(['credentials', 'revocations']);
  world.configuration.current = empty();
  expect(await follower.heard(2)).toEqual(['configuration', 'keys']);
});

test('existing entries are not changes', async () => {
  await world.audit.record(issued());
  await world.state.write('ring.APP', '{}', 0);
  const follower = await follow();
  await world.state.write('revocation.x', '{}', 0);
  expect(await follower.heard(2)).toEqual(['credentials', 'revocations']);
});

test('nothing is watched while nobody follows, however often followers come and go', async () => {
  for (let round = 0; round < 3; round += 1) {
    const [one, other] = [await follow(), await follow()];
    one.stop();
    one.stop();
    expect(world.watches.open).toBe(2);
    other.stop();
    expect(world.watches.open).toBe(0);
  }
  const early = world.source.follow(() => {});
  early();
  await eventually(() => world.watches.open === 0);
});

test('an unreachable store is followed once it is back', async () => {
  world.watches.failing = true;
  const told = new Set<ConsolePart>();
  world.source.follow((part) => told.add(part));
  await world.audit.record(issued());
  await eventually(() => told.has('activity'));
  world.watches.failing = false;
  await eventually(() => world.watches.open === 2);
  await world.state.write('ring.APP', '{}', 0);
  await eventually(() => told.has('keys'));
  expect(told).not.toContain('revocations');
});
