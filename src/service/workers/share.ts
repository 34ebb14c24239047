import { availableParallelism } from 'node:os';
import type { Config } from '../../config/config.ts';

/** The number of a worker, in its environment. Other processes have none. */
export const WORKER_VARIABLE = 'NATS_STS_WORKER';

/** How many processes answer callers. */
export function workersOf({ workers }: Pick<Config, 'workers'>): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

/**
 * The configuration of one of several workers: its part of `limits.concurrency`, and of all that follows from it. Their parts
 * add up to the whole, but each has at least one. `worker` counts from 1.
 */
export function shareOf(
  config: Config,
  { worker, workers }: { readonly worker: number; readonly workers: number },
): Config {
  const { concurrentRequests: all } = config.limits;
  const part = Math.floor(all / workers) + (worker <= all % workers ? 1 : 0);
  return { ...config, limits: { ...config.limits, concurrentRequests: Math.max(1, part) } };
}
