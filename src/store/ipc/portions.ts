import type { Channel } from './channel.ts';

/** What one side answers whoever reads its lists. */
export type PortionAnswers = {
  /** The next items of a list that is being read; with `done`, the last ones. */
  readonly 'portions.next': (list: number) => Promise<Portion>;
  /** Ends reading. */
  readonly 'portions.end': (list: number) => void;
};

interface Portion {
  readonly items: readonly unknown[];
  readonly done: boolean;
}

/** So many items go in one message. */
const PORTION = 200;

/** Lists that the other side reads, by number. */
export interface Lists {
  /** The number by which the other side reads it. */
  open(list: AsyncIterable<unknown>): number;
}

/** Lets the other side read lists in portions. What it has not read to the end when its channel closes, ends. */
export function serveLists(channel: Channel): Lists {
  const open = new Map<number, AsyncIterator<unknown>>();
  let ids = 0;
  const end = (id: number): void => {
    const list = open.get(id);
    open.delete(id);
    list?.return?.().catch(() => undefined);
  };
  channel.onClose(() => {
    for (const id of open.keys()) end(id);
  });
  channel.serve({
    async 'portions.next'(id) {
      const list = open.get(id);
      const items: unknown[] = [];
      while (list && items.length < PORTION) {
        const { done, value } = await list.next();
        if (done) {
          open.delete(id);
          return { items, done };
        }
        items.push(value);
      }
      return { items, done: !list };
    },
    'portions.end': end,
  } satisfies PortionAnswers);
  return {
    open: (list) => {
      ids += 1;
      open.set(ids, list[Symbol.asyncIterator]());
      return ids;
    },
  };
}

/** Reads a list of the other side. `begin` asks for its number. */
export async function* readPortions<T>(
  channel: Channel<PortionAnswers>,
  begin: () => Promise<number>,
): AsyncGenerator<T> {
  const list = await begin();
  let over = false;
  try {
    while (!over) {
      const { items, done } = await channel.call('portions.next', list);
      over = done;
      yield* items as T[];
    }
  } finally {
    if (!over) channel.tell('portions.end', list);
  }
}
