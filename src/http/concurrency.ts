import { Refusal } from '../errors.ts';
import type { Doors } from './doors.ts';

const OVERLOADED = new Refusal('overloaded', 'The service is busy. Ask again in a second.', {
  retryAfterSeconds: 1,
});

/**
 * Bounds the exchanges in progress; more are told to come back rather than queued without end. Only
 * work that is ours counts: a caller who is slow to send or to read holds nobody else up.
 */
export function limitConcurrency(exchange: Doors['exchange'], max: number): Doors['exchange'] {
  let inProgress = 0;
  return async (request) => {
    if (inProgress >= max) return OVERLOADED;
    inProgress += 1;
    try {
      return await exchange(request);
    } finally {
      inProgress -= 1;
    }
  };
}
