import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { LoginDeps } from '../deps.ts';
import { sendRefusalPage } from './refusal-page.ts';
import { checkSameOrigin } from './same-origin.ts';

interface PageRoute {
  /** However often its address comes. */
  readonly always?: boolean;
}

/**
 * What every route of a page begins with: whoever comes too often is refused before anything is
 * read, a form from elsewhere too, and whatever goes wrong is told as a page.
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
  // HEAD is no way to begin a login, nor to use up a code: routes that have it say so.
  return { schema: { hide: true }, config: { errors: 'page' }, onRequest: checks };
}
