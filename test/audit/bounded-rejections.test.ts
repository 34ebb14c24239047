import { expect, test } from 'vitest';
import { boundRejections } from '../../src/audit/bounded-rejections.ts';
import { createMemoryLog } from '../../src/audit/memory-log.ts';
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

test('tokens that prove nothing can not fill the log', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 5000; n++) await log.record(rejected());
  expect(count()).toBe(1000);
  expect(state.dropped).toBe(4000);
});

test('what takes a signed token is never left out', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 2000; n++) await log.record(rejected({ reason: 'signature_invalid' }));
  await log.record(rejected({ reason: 'token_reused' }));
  await log.record(rejected({ reason: 'proof_invalid' }));
  expect(count()).toBe(1002);
  expect(state.dropped).toBe(1000);
});

test('as time passes more of them are written', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 2000; n++) await log.record(rejected());
  state.now += 2000;
  for (let n = 0; n < 2000; n++) await log.record(rejected());
  expect(count()).toBe(1020);
});

test('records of verified identities are never left out', async () => {
  const { log, state, count } = bounded();
  for (let n = 0; n < 2000; n++) await log.record(rejected());
  for (let n = 0; n < 50; n++) {
    await log.record(issued());
    await log.record(denied());
  }
  expect(count()).toBe(1100);
  expect(state.dropped).toBe(1000);
});
