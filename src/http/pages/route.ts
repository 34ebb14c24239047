import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { LoginDeps } from '../deps.ts';
import { sendRefusalPage } from './refusal-page.ts';
import { checkSameOrigin } from './same-origin.ts';

interface PageRoute {
  /** Not counted by the address limit. */
  readonly always?: boolean;
}

/**
 * What every page route starts with: callers over the rate limit and forms from other sites are
 * refused before anything is read, and errors are pages.
 *
 *     app.get('/console', pageRoute(deps), async (request, reply) => …)
 */
export function pageRoute(deps: LoginDeps, more: PageRoute = {}): RouteShorthandOptions {
  const checks = async (request: FastifyRequest, reply: FastifyReply) => {
    const refusal =
      (more.always === true ? undefined : await deps.limitAddress(request)) ??
      (request.method === 'POST' ? checkSameOrigin(request, deps.live().publicUrl) : undefined);
    if (refusal) return sendRefusalPage(reply, { deps }, refusal);
  };
  // HEAD must not start a login or use up a code: those routes turn it off.
  return { schema: { hide: true }, config: { errors: 'page' }, onRequest: checks };
}
