import { expect, test } from 'vitest';
import { ChannelClosed, RemoteFault } from '../../../src/store/ipc/channel.ts';
import { link } from './link.ts';

type Calls = {
  readonly double: (n: number) => number | Promise<number>;
  readonly fail: (kind: string) => Promise<void>;
  readonly hang: () => Promise<void>;
  readonly note: (word: string) => void;
};

function linked() {
  const ends = link<Calls, Calls>();
  const noted: string[] = [];
  ends.primary.serve({
    double: async (n: number) => 2 * n,
    fail: async (kind: string) => {
      throw Object.assign(new Error('no'), { name: kind, code: 'ENOSPC' });
    },
    hang: () => new Promise(() => {}),
    note: (word: string) => noted.push(word),
  });
  return { ...ends, noted };
}

test('calls are answered, however many are under way', async () => {
  using ends = linked();
  const numbers = Array.from({ length: 1000 }, (_, n) => n);
  const doubled = await Promise.all(numbers.map((n) => ends.worker.call('double', n)));
  expect(doubled).toEqual(numbers.map((n) => 2 * n));
});

test('both sides call and answer', async () => {
  using ends = linked();
  ends.worker.serve({ double: (n: number) => 20 * n });
  expect(await ends.primary.call('double', 1)).toBe(20);
  expect(await ends.worker.call('double', 1)).toBe(2);
});

test('a call that fails says which kind of fault it was', async () => {
  using ends = linked();
  const fault: unknown = await ends.worker
    .call('fail', 'StoreUnavailable')
    .catch((f: unknown) => f);
  expect(fault).toBeInstanceOf(RemoteFault);
  expect(fault).toMatchObject({ kind: 'StoreUnavailable', message: 'no', code: 'ENOSPC' });
});

test('a call that the other side does not know fails', async () => {
  using ends = linked();
  await expect(ends.primary.call('double', 1)).rejects.toThrow(/does not answer double/);
});

test('what is told arrives before the answer to a later call', async () => {
  using ends = linked();
  ends.worker.tell('note', 'one');
  ends.worker.tell('note', 'two');
  await ends.worker.call('double', 1);
  expect(ends.noted).toEqual(['one', 'two']);
});

test('calls fail when the other process ends, those under way and later ones', async () => {
  using ends = linked();
  const hanging = ends.worker.call('hang').catch((fault: unknown) => fault);
  await ends.worker.call('double', 1);
  const closed = new Promise<void>((resolve) => ends.worker.onClose(resolve));
  ends[Symbol.dispose]();
  expect(await hanging).toBeInstanceOf(ChannelClosed);
  await closed;
  await expect(ends.worker.call('double', 1)).rejects.toThrow(ChannelClosed);
  ends.worker.tell('note', 'nobody');
  expect(ends.worker.closed).toBe(true);
});

test('the primary process says with each message how fresh its store is', async () => {
  let freshAt = 1;
  using ends = link<Calls>(() => ({ freshAt, healthy: true }));
  ends.primary.serve({ double: (n: number) => 2 * n });
  expect(ends.worker.vitals()).toBeUndefined();
  await ends.worker.call('double', 1);
  expect(ends.worker.vitals()).toEqual({ freshAt: 1, healthy: true });
  freshAt = 2;
  await ends.worker.call('double', 1);
  expect(ends.worker.vitals()).toEqual({ freshAt: 2, healthy: true });
});
