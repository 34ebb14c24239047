import type { FastifyRequest } from 'fastify';
import type { Group, RateLimits } from '../../limits/rate-limits.ts';
import type { RouteDeps } from '../deps.ts';
import { addressOf } from '../request/address.ts';

/** The limits that all doors share, by what a request says. */
export function requestLimits(
  limits: RateLimits,
): Pick<RouteDeps, 'limitAddress' | 'limitIdentity'> {
  return {
    limitAddress: (request) => limits.address(groupOf(request), addressOf(request)),
    limitIdentity: (_, identity) => limits.identity(identity),
  };
}

function groupOf({ routeOptions: { url = '' } }: FastifyRequest): Group {
  return /^\/(?:admin|console|logout)(?:\/|$)/.test(url) ? 'admin' : 'access';
}
