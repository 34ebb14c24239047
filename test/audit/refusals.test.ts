import { expect, test } from 'vitest';
import type { LoginEvent } from '../../src/audit/event.ts';
import { boundRejections } from '../../src/audit/refusals.ts';
import { createMemoryLog } from '../../src/audit/sinks/memory.ts';
import { denied, issued, rejected } from './events.ts';

function bounded() {
  const memory = createMemoryLog();
  const state = { now: 0, dropped: 0 };
  const log = boundRejections(memory, {
    clock: { now: () => state.now },
    onDropped: () => {
      state.dropped += 1;
    },
  });
  return { log, state, count: () => [...memory.list()].length };
}

test('unproven tokens cannot fill the log', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 5000; n++) await log.record(rejected());
  expect(count()).toBe(1000);
  expect(state.dropped).toBe(4000);
});

test('records that take a signed token are never omitted', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 2000; n++) await log.record(rejected({ reason: 'signature_invalid' }));
  await log.record(rejected({ reason: 'token_reused' }));
  await log.record(rejected({ reason: 'proof_invalid' }));
  expect(count()).toBe(1002);
  expect(state.dropped).toBe(1000);
});

test('as time passes, more of them are recorded', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 2000; n++) await log.record(rejected());
  state.now += 2000;
  for (let n = 0; n < 2000; n++) await log.record(rejected());
  expect(count()).toBe(1020);
});

test('records of verified identities are never omitted', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 2000; n++) await log.record(rejected());
  for (let n = 0; n < 50; n++) {
    await log.record(issued());
    await log.record(denied());
  }
  expect(count()).toBe(1100);
  expect(state.dropped).toBe(1000);
});

test('logins that strangers start cannot fill the log, and those of people who signed in are all recorded', async () => {
  const { log, state, count } = bounded();
  const begun: LoginEvent = {
    type: 'login',
    step: 'begun',
    time: 0,
    door: 'login',
    requestId: 'request',
    address: '192.0.2.1',
    issuerName: 'people',
  };
  for (let n = 0; n < 3000; n++) await log.record(begun);
  expect(count()).toBe(1000);
  expect(state.dropped).toBe(2000);
  const { identity } = issued();
  for (let n = 0; n < 50; n++) await log.record({ ...begun, step: 'signed-in', identity });
  expect(count()).toBe(1050);
});

test('logs that share the bound record no more in all than one log', async () => {
  const memory = createMemoryLog();
  const clock = { now: () => 0 };
  const logs = [1, 2, 3].map(() =>
    boundRejections(memory, { clock, onDropped: () => {}, sharers: 3 }),
  );
  for (const log of logs) for (let n = 0; n < 1000; n++) await log.record(rejected());
  expect([...memory.list()].length).toBeLessThanOrEqual(1002);
  expect([...memory.list()].length).toBeGreaterThanOrEqual(1000);
});
