import { afterEach, beforeEach, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { handoverRecords } from '../../../src/login/handover/records.ts';
import type { HandoverAsk } from '../../../src/login/handovers.ts';
import { pollPacer } from '../../../src/login/handover/poll-pacer.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { createHandoverWorld, frozenClock, type HandoverWorld } from './handover-world.ts';

const CALLER = { requestId: 'request-1', address: '192.0.2.7' };
const ask: HandoverAsk = {
  program: 'a program',
  userPublicKey: createKeyPair('user').publicKey,
  role: undefined,
  ttlSeconds: undefined,
};

let world: HandoverWorld;
beforeEach(async () => {
  world = await createHandoverWorld('SQLite', { capacity: 3 });
});
afterEach(() => world[Symbol.asyncDispose]());

const begin = async () => {
  const answer = await world.one.beginDevice(ask, CALLER);
  return answer instanceof Refusal ? answer.reason : 'begun';
};

test('only a limited number of devices wait; when they expire, others may', async () => {
  for (let count = 0; count < 3; count += 1) expect(await begin()).toBe('begun');
  expect(await begin()).toBe('overloaded');
  expect(world.told).toHaveLength(3);
  world.clock.advance(600);
  expect(await begin()).toBe('overloaded');
  world.clock.advance(60);
  expect(await begin()).toBe('begun');
  expect(await world.state.list('device.')).toHaveLength(1);
});

test('five networks that start as many logins as they can leave room for others, and get room again', async () => {
  // A twentieth of it is 20.
  await using roomy = await createHandoverWorld('SQLite', { capacity: 400 });
  const beginFrom = async (address: string, network?: string) => {
    const caller = { ...CALLER, address, ...(network !== undefined && { network }) };
    const answer = await roomy.one.beginDevice(ask, caller);
    return answer instanceof Refusal ? answer.reason : 'begun';
  };
  for (let network = 1; network <= 5; network += 1) {
    for (let count = 0; count < 20; count += 1) {
      expect(await beginFrom(`2001:db8:0:${network}::${count}`, `2001:db8:0:${network}`)).toBe(
        'begun',
      );
    }
    expect(await beginFrom(`2001:db8:0:${network}::ffff`, `2001:db8:0:${network}`)).toBe(
      'too_many_requests',
    );
  }
  expect(await beginFrom('192.0.2.7')).toBe('begun');
  roomy.clock.advance(661);
  expect(await beginFrom('2001:db8:0:1::1', '2001:db8:0:1')).toBe('begun');
});

test('a program’s name cannot count toward the share of another network', async () => {
  await using roomy = await createHandoverWorld('SQLite', { capacity: 400 });
  const program = '","network":"192.0.2.8","x":"';
  for (let count = 0; count < 20; count += 1) {
    await roomy.one.beginDevice({ ...ask, program }, CALLER);
  }
  const other = { ...CALLER, address: '192.0.2.8' };
  expect(await roomy.one.beginDevice(ask, other)).not.toBeInstanceOf(Refusal);
});

test('only a limited number of codes wait to be redeemed', async () => {
  const codeAsk = { ...ask, role: 'viewer', redirectUri: 'http://[::1]:1/callback' };
  const grant = () =>
    world.one.grantCode({ ...codeAsk, codeChallenge: 'x'.repeat(43) }, world.session(), CALLER);
  for (let count = 0; count < 3; count += 1) expect(typeof (await grant())).toBe('string');
  expect(await grant()).toMatchObject({ reason: 'overloaded' });
  world.clock.advance(60);
  expect(typeof (await grant())).toBe('string');
  expect(await world.state.list('code.')).toHaveLength(1);
});

test('expired records are deleted, also those of another release, and others stay', async () => {
  const { state, clock } = world;
  const records = handoverRecords({ state, clock, prefix: 'test.', rememberedSeconds: 0 });
  const now = clock.now() / 1000;
  await records.put('over', { expiresAt: now });
  await records.put('alive', { expiresAt: now + 1 });
  await state.write('test.newer', JSON.stringify({ version: 2, expiresAt: now + 1 }), 0);
  await records.prune();
  const keys = async () => (await state.list('test.')).map(({ key }) => key).sort();
  expect(await keys()).toEqual(['test.alive', 'test.newer']);
  expect(await records.find('newer')).toBeUndefined();
  clock.advance(1);
  await records.prune();
  expect(await keys()).toEqual([]);
});

test('room is made at once after the clock was set back', async () => {
  const { state, clock } = world;
  const options = { prefix: 'test.', rememberedSeconds: 0, capacity: 1 };
  const records = handoverRecords({ state, clock, ...options });
  const put = (name: string) => records.put(name, { expiresAt: clock.now() / 1000 + 1 });
  await put('first');
  expect(await records.full()).toMatchObject({ reason: 'overloaded' });
  await records.take('first', (await records.find('first'))!);
  clock.advance(-3_600);
  await put('second');
  clock.advance(1);
  expect(await records.full()).toBeUndefined();
  expect(await state.list('test.')).toEqual([]);
});

test('an unreachable store is a refusal, and the caller may try again', async () => {
  await world.state.close();
  expect(await world.one.beginDevice(ask, CALLER)).toMatchObject({
    reason: 'store_unavailable',
    retryAfterSeconds: 5,
  });
});

test('the pacer forgets the device that polled longest ago, not the one that polls', () => {
  const clock = frozenClock();
  const pacer = pollPacer({ clock, capacity: 2 });
  for (const name of ['a', 'b', 'c']) expect(pacer.tooSoon(name)).toBe(false);
  expect(pacer.tooSoon('c')).toBe(true);
  expect(pacer.tooSoon('a')).toBe(false);
});
