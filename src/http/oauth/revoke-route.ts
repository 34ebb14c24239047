import type { FastifyInstance } from 'fastify';
import type { LoginDeps } from '../deps.ts';
import { clientRoute } from './client-route.ts';
import { missing, trimmed } from './form.ts';
import { callerOf } from './grants/grant.ts';
import { refreshTokenParameter } from './schemas.ts';

/** `POST /revoke`: the person signs out at the program (RFC 7009). Credentials that were handed over live on to their end. */
export function revokeRoute(app: FastifyInstance, deps: LoginDeps): void {
  clientRoute(app, deps, {
    path: '/revoke',
    schema: {
      operationId: 'revokeToken',
      summary: 'End the session of a refresh token (RFC 7009)',
      description:
        'What is no refresh token, or no longer, is answered the same. Credentials already issued stay good until they end.',
      body: refreshTokenParameter,
      response: {
        200: {
          description: 'It is not good any more',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
      },
    },
    handle: async (request, form) => {
      const token = trimmed(form, 'token');
      if (token === undefined) return missing('token');
      return (await deps.login.handovers.revoke(token, callerOf(request))) ?? {};
    },
  });
}
