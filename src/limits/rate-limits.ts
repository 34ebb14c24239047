import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { lifetime } from '../lifetime.ts';
import { networkOf } from './network.ts';
import { windowCounter } from './window-counter.ts';

interface Limit {
  readonly max: number;
  readonly everySeconds: number;
}

export interface RateLimitSpec {
  readonly enabled: boolean;
  readonly perAddress: Limit;
  readonly perIdentity: Limit;
}

/**
 * Administration and sign-out are counted separately from requests for credentials: callers behind a
 * shared address must not be able to keep administrators from fixing a problem.
 */
export type Group = 'admin' | 'access';

/** One count for all doors. Each call counts; a refusal says when the window ends. */
export interface RateLimits {
  /** Before anything is verified. Of IPv6 addresses, the network counts. */
  address(group: Group, address: string): Answer;
  /** Once the identity is known. */
  identity(identity: Pick<Identity, 'issuerName' | 'subject'>): Answer;
}

/** A promise where several processes share the count, and this one has to ask. */
type Answer = Refusal | undefined | Promise<Refusal | undefined>;

/** What a limit counts by. */
export type LimitName = 'address' | 'identity';

/** So many calls in this time. */
export interface Rate {
  readonly max: number;
  readonly everyMilliseconds: number;
}

/** Whether a call is one too many, and how long its window still lasts. */
export interface Verdict {
  readonly isExceeded: boolean;
  readonly leftMilliseconds: number;
}

/** Where calls are counted, by key. */
export type RateCount = (limit: LimitName, key: string, rate: Rate) => Verdict | Promise<Verdict>;

/** How many addresses, and how many identities, are remembered. */
export const REMEMBERED = 50_000;

/** The count of this process alone. */
export function ownCount(clock: Clock): RateCount {
  const counters = { address: windowCounter(REMEMBERED), identity: windowCounter(REMEMBERED) };
  return (limit, key, { max, everyMilliseconds }) => {
    const { count, leftMilliseconds } = counters[limit](key, everyMilliseconds, clock.now());
    return { isExceeded: count > max, leftMilliseconds };
  };
}

/** `limits` is asked at each call: a reload can change them. */
export function rateLimits(limits: () => RateLimitSpec, count: RateCount): RateLimits {
  const take = (who: LimitName, { max, everySeconds }: Limit, key: string): Answer => {
    const verdict = count(who, key, { max, everyMilliseconds: everySeconds * 1000 });
    const refusal = ({ isExceeded, leftMilliseconds }: Verdict) =>
      isExceeded ? tooMany(who, { max, everySeconds }, leftMilliseconds) : undefined;
    return verdict instanceof Promise ? verdict.then(refusal) : refusal(verdict);
  };
  return {
    address(group, address) {
      const { enabled, perAddress } = limits();
      if (!enabled) return undefined;
      return take('address', perAddress, `${group} ${networkOf(address)}`);
    },
    identity({ issuerName, subject }) {
      const { enabled, perIdentity } = limits();
      if (!enabled) return undefined;
      // Issuer names contain no space, so two identities never share a key.
      return take('identity', perIdentity, `${issuerName} ${subject}`);
    },
  };
}

function tooMany(who: LimitName, { max, everySeconds }: Limit, leftMilliseconds: number): Refusal {
  return new Refusal(
    'too_many_requests',
    `Too many requests from this ${who}; the limit is ${max} in ${lifetime(everySeconds)}.`,
    { retryAfterSeconds: Math.ceil(leftMilliseconds / 1000) },
  );
}
