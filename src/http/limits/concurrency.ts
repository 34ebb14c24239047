import { Refusal } from '../../errors.ts';
import type { WaitApart } from '../../identity/verify.ts';
import type { RouteDeps } from '../deps.ts';

const OVERLOADED = new Refusal('overloaded', 'The service is busy. Ask again in a second.', {
  retryAfterSeconds: 1,
});

/**
 * Bounds the exchanges in progress; more are told to come back rather than queued without end. Only
 * work that is ours counts: a caller who is slow to send or to read holds nobody else up.
 */
export function limitConcurrency(
  exchange: RouteDeps['exchange'],
  max: number,
): RouteDeps['exchange'] {
  let inProgress = 0;
  /**
   * A request that waits for an issuer's keys gives its place up: an issuer that hangs holds up
   * nobody else. How many may wait is bounded for each issuer by its key set, and so is by how much
   * they exceed `max` when the keys are there.
   */
  const waitApart: WaitApart = async (keys) => {
    inProgress -= 1;
    try {
      return await keys;
    } finally {
      inProgress += 1;
    }
  };
  return async (request) => {
    if (inProgress >= max) return OVERLOADED;
    inProgress += 1;
    try {
      return await exchange({ ...request, waitApart });
    } finally {
      inProgress -= 1;
    }
  };
}
