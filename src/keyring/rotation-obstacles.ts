import type { SharedState } from '../store/shared-state.ts';

/**
 * Why the rotator's last pass over an account failed, as a sentence for the operator. It is kept in the
 * store, beside the rings: so every process knows it, and it is known before an account has a ring.
 */
const OBSTACLE_PREFIX = 'obstacle.';
const MAX_LENGTH = 500;

export function obstacleKey(account: string): string {
  return `${OBSTACLE_PREFIX}${account}`;
}

/** `why` undefined: the last pass went well. */
export async function noteObstacle(
  state: SharedState,
  account: string,
  why: string | undefined,
): Promise<void> {
  const key = obstacleKey(account);
  const value = why?.slice(0, MAX_LENGTH);
  const entry = (await state.list(key)).find((entry) => entry.key === key);
  if (entry?.value === value) return;
  await state.write(key, value, entry?.revision ?? 0);
}

/** By account, as they are in the store right now. */
export async function readObstacles(state: SharedState): Promise<ReadonlyMap<string, string>> {
  const entries = await state.list(OBSTACLE_PREFIX);
  return new Map(entries.map(({ key, value }) => [key.slice(OBSTACLE_PREFIX.length), value]));
}

/** The same, followed without asking the store each time. */
export interface Obstacles {
  of(account: string): string | undefined;
  close(): void;
}

export async function followObstacles(state: SharedState): Promise<Obstacles> {
  const known = new Map<string, string>();
  const close = await state.watch(OBSTACLE_PREFIX, ({ key, value }) => {
    const account = key.slice(OBSTACLE_PREFIX.length);
    if (value === undefined) known.delete(account);
    else known.set(account, value);
  });
  return { of: (account) => known.get(account), close };
}
