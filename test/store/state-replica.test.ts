import { expect, test, vi } from 'vitest';
import { createStateReplica } from '../../src/store/state-replica.ts';

test('a listener that throws does not stop the others, and is not hidden', async () => {
  const replica = createStateReplica();
  const told: string[] = [];
  replica.watch('', () => {
    throw new Error('a bug');
  });
  replica.watch('', ({ key }) => told.push(key));
  const surfaced = vi.spyOn(globalThis, 'setImmediate').mockImplementation((rethrow) => {
    expect(rethrow).toThrow('a bug');
    return undefined as never;
  });
  replica.apply({ key: 'a', value: '1', revision: 1 });
  replica.apply({ key: 'b', value: '1', revision: 2 });
  expect(surfaced).toHaveBeenCalledTimes(2);
  surfaced.mockRestore();
  expect(told).toEqual(['a', 'b']);
});

test('all listeners get changes in one order, even those that a listener causes', () => {
  const replica = createStateReplica();
  const told: string[][] = [[], []];
  replica.watch('', ({ key }) => {
    told[0]?.push(key);
    if (key === 'a') replica.apply({ key: 'b', value: '', revision: 2 });
  });
  replica.watch('', ({ key }) => told[1]?.push(key));
  replica.apply({ key: 'a', value: '', revision: 1 });
  replica.apply({ key: 'late', value: '', revision: 2 });
  expect(told).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
});

test('who begins to watch while others are told hears everything once', () => {
  const replica = createStateReplica();
  const told: string[] = [];
  replica.watch('', ({ key }) => {
    if (key !== 'a') return;
    replica.apply({ key: 'b', value: '', revision: 2 });
    replica.watch('', ({ key }) => told.push(key));
  });
  replica.apply({ key: 'a', value: '', revision: 1 });
  replica.apply({ key: 'c', value: '', revision: 3 });
  expect(told).toEqual(['a', 'b', 'c']);
});

test('starting over tells the differences only', () => {
  const replica = createStateReplica();
  replica.apply({ key: 'same', value: 's', revision: 5 });
  replica.apply({ key: 'gone', value: 'g', revision: 6 });
  replica.apply({ key: 'changed', value: 'old', revision: 7 });
  const told: unknown[] = [];
  replica.watch('', ({ key, value }) => told.push([key, value]));
  told.length = 0;
  replica.reload([
    { key: 'gone', value: undefined, revision: 3 },
    { key: 'changed', value: 'new', revision: 4 },
    { key: 'same', value: 's', revision: 5 },
  ]);
  expect(told).toEqual([
    ['gone', undefined],
    ['changed', 'new'],
  ]);
  expect(replica.seen).toBe(5);
  replica.reload([]);
  expect(replica.entries('')).toEqual([]);
  expect(told.slice(2)).toEqual([
    ['same', undefined],
    ['changed', undefined],
  ]);
});
