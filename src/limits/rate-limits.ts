import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { lifetime } from '../lifetime.ts';
import { networkOf } from './network.ts';
import { type Counted, windowCounter } from './window-counter.ts';

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
  address(group: Group, address: string): Refusal | undefined;
  /** Once the identity is known. */
  identity(identity: Pick<Identity, 'issuerName' | 'subject'>): Refusal | undefined;
}

/** How many addresses, and how many identities, are remembered. */
const REMEMBERED = 50_000;

/** `limits` is asked at each call: a reload can change them. */
export function rateLimits(limits: () => RateLimitSpec, clock: Clock): RateLimits {
  const byAddress = windowCounter(REMEMBERED);
  const byIdentity = windowCounter(REMEMBERED);
  return {
    address(group, address) {
      const { enabled, perAddress } = limits();
      if (!enabled) return undefined;
      const key = `${group} ${networkOf(address)}`;
      return verdict(
        'address',
        perAddress,
        byAddress(key, perAddress.everySeconds * 1000, clock.now()),
      );
    },
    identity({ issuerName, subject }) {
      const { enabled, perIdentity } = limits();
      if (!enabled) return undefined;
      // Issuer names contain no space, so two identities never share a key.
      const key = `${issuerName} ${subject}`;
      const counted = byIdentity(key, perIdentity.everySeconds * 1000, clock.now());
      return verdict('identity', perIdentity, counted);
    },
  };
}

function verdict(
  who: string,
  { max, everySeconds }: Limit,
  { count, leftMilliseconds }: Counted,
): Refusal | undefined {
  if (count <= max) return undefined;
  return new Refusal(
    'too_many_requests',
    `Too many requests from this ${who}; the limit is ${max} in ${lifetime(everySeconds)}.`,
    { retryAfterSeconds: Math.ceil(leftMilliseconds / 1000) },
  );
}
