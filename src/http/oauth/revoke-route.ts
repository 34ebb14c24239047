import type { FastifyInstance } from 'fastify';
import type { LoginDeps } from '../deps.ts';
import { clientRoute } from './client-route.ts';
import { missing, trimmed } from './form.ts';
import { callerOf } from './grants/grant.ts';
import { refreshTokenParameter } from './schemas.ts';

/** `POST /revoke`: the user signs out at the program (RFC 7009). Credentials already issued stay valid until they expire. */
export function revokeRoute(app: FastifyInstance, deps: LoginDeps): void {
  clientRoute(app, deps, {
    path: '/revoke',
    schema: {
      operationId: 'revokeToken',
      summary: 'End the session of a refresh token (RFC 7009)',
      description:
        'Unknown and ended tokens get the same answer. Credentials already issued stay valid until they expire.',
      body: refreshTokenParameter,
      response: {
        200: {
          description: 'The token is not valid, or no longer',
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
