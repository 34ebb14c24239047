import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newsStream } from '../../../../src/http/console/live/change-stream.ts';
import type { ConsolePart } from '../../../../src/http/console/deps.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One listener on a connection that takes what it is sent, unless it is full. */
function open(state: { readonly allowed?: boolean; readonly gone?: boolean } = {}) {
  const sent: string[] = [];
  const listeners = new Set<(part: ConsolePart) => void>();
  const world = { sent, listeners, ended: 0, allowed: true, full: false, gone: false, ...state };
  const stream = newsStream({
    send: async (event, data) => {
      sent.push(data === '' ? event : `${event} ${data}`);
      if (world.gone) throw new Error('the connection is gone');
      if (world.full) await new Promise(() => {});
    },
    end: () => void (world.ended += 1),
    follow: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    mayGoOn: async () => world.allowed,
    debounceMilliseconds: 1000,
    heartbeatMilliseconds: 15_000,
  });
  const tell = (...parts: ConsolePart[]) => {
    for (const part of parts) for (const listener of listeners) listener(part);
  };
  return Object.assign(world, { stream, tell });
}

test('changes within a second are sent together, each part once', async () => {
  const { sent, tell } = open();
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.splice(0)).toEqual(['hello']);
  tell('keys', 'activity', 'keys', 'activity');
  await vi.advanceTimersByTimeAsync(999);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent.splice(0)).toEqual(['changed keys', 'changed activity']);
  tell('keys');
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toEqual(['changed keys']);
});

test('a listener whose access ended is told only that, at the next change', async () => {
  const world = open();
  await vi.advanceTimersByTimeAsync(0);
  world.allowed = false;
  world.tell('keys');
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.sent).toEqual(['hello', 'over']);
  expect([world.ended, world.listeners.size]).toEqual([1, 0]);
});

test('a listener whose access ended is disconnected at the next heartbeat if nothing changes', async () => {
  const world = open();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(world.sent).toEqual(['hello', 'alive']);
  world.allowed = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(world.sent).toEqual(['hello', 'alive', 'over']);
  expect([world.ended, vi.getTimerCount()]).toEqual([1, 0]);
});

test('a connection that reads nothing is closed, and nothing queues up for it', async () => {
  const world = open();
  await vi.advanceTimersByTimeAsync(0);
  world.full = true;
  for (let second = 0; second < 60; second += 1) {
    world.tell('keys', 'activity');
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(world.sent).toEqual(['hello', 'changed keys']);
  expect([world.ended, world.listeners.size, vi.getTimerCount()]).toEqual([1, 0, 0]);
});

test.each([
  ['may go on', true],
  ['may not go on', false],
])(
  'a listener who %s, and whose connection closed before the answer, is removed',
  async (_, may) => {
    vi.useRealTimers();
    const faults: unknown[] = [];
    const note = (fault: unknown) => faults.push(fault);
    process.on('unhandledRejection', note);
    try {
      const world = open({ allowed: may, gone: true });
      await turn();
      await turn();
      expect([world.ended, world.listeners.size]).toEqual([1, 0]);
      expect(faults).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  },
);

test('a stopped stream checks, sends, and ends nothing', async () => {
  const world = open();
  world.tell('keys');
  world.stream.stop();
  world.stream.end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(world.sent).toEqual([]);
  expect([world.ended, world.listeners.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
});
