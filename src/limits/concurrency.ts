import { Refusal } from '../errors.ts';
import type { ExchangeRequest, Issued } from '../exchange-request.ts';
import type { WaitApart } from '../identity/verify.ts';

type Exchange = (request: ExchangeRequest) => Promise<Issued | Refusal>;
/** Wraps each wait for an issuer's keys, so that waiting does not count as work in progress. */
type ApartExchange = (request: ExchangeRequest, waitApart: WaitApart) => ReturnType<Exchange>;

const OVERLOADED = new Refusal('overloaded', 'The service is busy. Try again in one second.', {
  retryAfterSeconds: 1,
});

/**
 * Limits the exchanges in progress: beyond that, callers get 503 instead of an endless queue. Only our
 * own work counts, so a caller who sends or reads slowly delays nobody else.
 */
export function limitConcurrency(exchange: ApartExchange, max: number): Exchange {
  let inProgress = 0;
  /**
   * A request that waits for an issuer's keys does not count: an issuer that hangs delays nobody
   * else. Each issuer's key set limits how many may wait, and so by how much they can exceed `max`
   * once the keys arrive.
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
      return await exchange(request, waitApart);
    } finally {
      inProgress -= 1;
    }
  };
}
