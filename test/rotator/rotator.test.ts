import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { revokeKey } from '../../src/keyring/changes.ts';
import type { Servers } from '../../src/rotator/servers.ts';
import { memoryState } from '../revocation/memory-state.ts';
import { eventually } from '../support/eventually.ts';
import {
  changeStored,
  countingReporter,
  oneServer,
  partsOf,
  rotated,
  serversOf,
  start,
  storedRing,
} from './rotator-world.ts';

const TERM = 60_000;

/** Time passes only where a test lets it: nothing here depends on how fast the machine is. */
beforeEach(() => {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
  vi.useFakeTimers({ toFake: [...toFake, 'performance'] });
});
afterEach(() => void vi.useRealTimers());

/** Lets time pass until the condition holds. */
function inTime<T>(holds: () => T | Promise<T>): Promise<NonNullable<T>> {
  return eventually(async () => {
    const found = await holds();
    if (!found) await vi.advanceTimersByTimeAsync(TERM / 20);
    return found || undefined;
  });
}

function failing(): Servers {
  return {
    ...serversOf(oneServer()),
    look: () => Promise.reject(new Error('its system creds have expired')),
  };
}

describe('a leader whose passes all fail', () => {
  test('lets another process lead, which works', async () => {
    const state = memoryState();
    const [broken, healthy] = [countingReporter(), countingReporter()];
    const common = { state, leaseMilliseconds: TERM };
    await using _broken = start(
      'broken',
      partsOf({ ...common, servers: failing, reporter: broken.reporter }),
    );
    await inTime(() => broken.told.failures.length > 0);
    await using _healthy = start(
      'healthy',
      partsOf({ ...common, servers: () => serversOf(oneServer()), reporter: healthy.reporter }),
    );
    await inTime(() => healthy.told.succeeded.length > 0);
    await inTime(() => broken.told.leads.at(-1) === false);
    expect(broken.told.gaveUp).toBe(1);
    expect(healthy.told.leads.at(-1)).toBe(true);
  });

  test('leads again in the same term when nobody else does, and works once it can', async () => {
    const state = memoryState();
    const { told, reporter } = countingReporter();
    let isBroken = true;
    const [good, bad] = [serversOf(oneServer()), failing()];
    const servers = () => (isBroken ? bad : good);
    await using _rotator = start(
      'lonely',
      partsOf({ state, leaseMilliseconds: TERM, servers, reporter }),
    );
    await inTime(() => told.gaveUp === 1);
    await inTime(() => told.gaveUp === 2);
    expect(told.leads).not.toContain(false);
    isBroken = false;
    await inTime(() => told.succeeded.length > 0);
    const [lease] = await state.list('lease.');
    expect(JSON.parse(lease?.value ?? '')).toMatchObject({ holder: 'lonely', term: 1 });
  });

  test('keeps the lease as long as those of one account succeed', async () => {
    const { told, reporter } = countingReporter();
    const good = serversOf(oneServer());
    const bad = failing();
    await using _rotator = start(
      'half',
      partsOf({
        state: memoryState(),
        leaseMilliseconds: TERM,
        servers: ({ name }) => (name === 'BAD' ? bad : good),
        reporter,
        accounts: () => [rotated('BAD'), rotated('GOOD')],
      }),
    );
    // One at least each half term: five terms and more.
    await inTime(() => told.failures.length > 10);
    expect(told.gaveUp).toBe(0);
  });
});

describe('accounts', () => {
  test('are processed independently of others, and at once when their ring changes', async () => {
    const { told, reporter } = countingReporter();
    const hung = Promise.withResolvers<never>();
    hung.promise.catch(() => {});
    const good = serversOf(oneServer());
    let asked = false;
    const hanging: Servers = {
      ...good,
      look: () => {
        asked = true;
        return hung.promise;
      },
    };
    const rotator = start(
      'leader',
      partsOf({
        state: memoryState(),
        servers: ({ name }) => (name === 'HUNG' ? hanging : good),
        reporter,
        accounts: () => [rotated('HUNG'), rotated('GOOD')],
      }),
    );
    await inTime(() => asked && told.succeeded.includes('GOOD'));
    const looks = told.succeeded.length;
    rotator.wake('GOOD');
    // It looks every two seconds anyway, but no time passes here.
    await eventually(() => told.succeeded.length > looks);
    expect(told.failures).toEqual([]);
    hung.reject(new Error('no answer'));
    await rotator.stop();
  });

  test('that come with a new configuration are rotated, those that go are left alone', async () => {
    const { told, reporter } = countingReporter();
    let names = ['OLD'];
    const good = serversOf(oneServer());
    await using _rotator = start(
      'leader',
      partsOf({
        state: memoryState(),
        leaseMilliseconds: TERM,
        servers: () => good,
        reporter,
        accounts: () => names.map(rotated),
      }),
    );
    await inTime(() => told.succeeded.includes('OLD'));
    names = ['NEW'];
    await inTime(() => told.succeeded.includes('NEW'));
    const old = told.succeeded.filter((name) => name === 'OLD').length;
    const both = told.succeeded.length;
    await inTime(() => told.succeeded.length > both + 3);
    expect(told.succeeded.filter((name) => name === 'OLD').length).toBeLessThanOrEqual(old + 1);
  });

  test('whose server never applies what is pushed take up a revoked key at once all the same', async () => {
    const state = memoryState();
    const { reporter } = countingReporter();
    const resolver = oneServer({ sick: true });
    const servers = serversOf(resolver);
    const rotator = start('leader', partsOf({ state, servers: () => servers, reporter }));
    await inTime(() => resolver.pushes.length > 0);
    const staged = (await storedRing(state))?.keys[0]?.publicKey ?? '';
    await changeStored(state, (ring) => revokeKey(ring, staged, Date.now()) ?? ring);
    rotator.wake('APP');
    const listsIt = (jwt = '') =>
      Buffer.from(jwt.split('.')[1] ?? '', 'base64url').includes(staged);
    expect(listsIt(resolver.pushes[0])).toBe(true);
    // No time passes here.
    await eventually(() => !listsIt(resolver.pushes.at(-1)));
    let ended = false;
    void rotator.stop().then(() => (ended = true));
    await inTime(() => ended);
  });
});

describe('an audit log that cannot be written', () => {
  test('keeps no key in the account JWT; what happened is recorded once it can be', async () => {
    const state = memoryState();
    const { told, reporter } = countingReporter();
    const resolver = oneServer();
    const servers = serversOf(resolver);
    let isFull = false;
    const changed: typeof reporter.changed = (change) =>
      isFull ? Promise.reject(new Error('disk full')) : reporter.changed(change);
    await using rotator = start(
      'leader',
      partsOf({ state, servers: () => servers, reporter: { ...reporter, changed } }),
    );
    const keyIn = async (wanted: string) =>
      (await storedRing(state))?.keys.find((key) => key.state === wanted)?.publicKey;
    const revoked = await inTime(() => keyIn('active'));
    const listsIt = (jwt = '') =>
      Buffer.from(jwt.split('.')[1] ?? '', 'base64url').includes(revoked);
    await inTime(() => listsIt(resolver.pushes.at(-1)) && told.changes.length >= 2);

    isFull = true;
    await changeStored(state, (ring) => revokeKey(ring, revoked, Date.now()) ?? ring);
    rotator.wake('APP');
    await inTime(() => !listsIt(resolver.pushes.at(-1)));
    await inTime(() => told.failures.some((failure) => failure.includes('disk full')));
    expect(told.changes.filter(({ to }) => to === 'retired')).toEqual([]);

    isFull = false;
    rotator.wake('APP');
    const isTold = () =>
      told.changes.some(({ publicKey, to }) => publicKey === revoked && to === 'retired');
    await inTime(isTold);
    await inTime(async () => (await storedRing(state))?.unreported.length === 0);
  });
});
