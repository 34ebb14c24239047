import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Identity } from '../../identity/identity.ts';
import type { RouteDeps } from '../deps.ts';
import { lifetime } from '../lifetime.ts';
import { addressOf, networkOf } from '../request/address.ts';

export interface Limits {
  readonly enabled: boolean;
  readonly perAddress: { readonly max: number; readonly everySeconds: number };
  readonly perIdentity: { readonly max: number; readonly everySeconds: number };
}

/** The identity behind a request, for the limiter's key; set once the token is verified. */
const identities = new WeakMap<FastifyRequest, string>();

/** Two limits: by address and group of routes before anything is verified, and by identity once it is known. */
export function rateLimiters(
  app: FastifyInstance,
  limits: () => Limits,
): Pick<RouteDeps, 'limitAddress' | 'limitIdentity'> {
  const byAddress = app.createRateLimit({
    max: () => limits().perAddress.max,
    timeWindow: () => limits().perAddress.everySeconds * 1000,
    keyGenerator: (request) => `${groupOf(request)} ${networkOf(addressOf(request))}`,
  });
  const byIdentity = app.createRateLimit({
    max: () => limits().perIdentity.max,
    timeWindow: () => limits().perIdentity.everySeconds * 1000,
    keyGenerator: (request) => identities.get(request) ?? '',
  });
  type Limiter = typeof byAddress;
  const take = async (limiter: Limiter, request: FastifyRequest, who: string) => {
    const state = await limiter(request);
    return state.isAllowed || !state.isExceeded
      ? undefined
      : tooMany(who, { ...state, everySeconds: state.timeWindow / 1000 });
  };
  return {
    limitAddress: async (request) =>
      limits().enabled ? take(byAddress, request, 'address') : undefined,
    limitIdentity: async (request, identity) => {
      if (!limits().enabled) return undefined;
      identities.set(request, keyOf(identity));
      return take(byIdentity, request, 'identity');
    },
  };
}

/**
 * Administration and sign-out are counted separately from requests for credentials: callers behind a
 * shared address must not be able to keep administrators from fixing a problem.
 */
function groupOf({ routeOptions: { url = '' } }: FastifyRequest): 'admin' | 'access' {
  return /^\/(?:admin|console|logout)(?:\/|$)/.test(url) ? 'admin' : 'access';
}

/** Issuer names contain no space, so two identities never share a key. */
function keyOf({ issuerName, subject }: Identity): string {
  return `${issuerName} ${subject}`;
}

interface Exceeded {
  readonly max: number;
  readonly everySeconds: number;
  readonly ttlInSeconds: number;
}

function tooMany(who: string, { max, everySeconds, ttlInSeconds }: Exceeded): Refusal {
  return new Refusal(
    'too_many_requests',
    `Too many requests from this ${who}; the limit is ${max} in ${lifetime(everySeconds)}.`,
    { retryAfterSeconds: ttlInSeconds },
  );
}
