import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { HandedSession } from '../../login/handovers.ts';
import type { LoginService, LoginDeps } from '../deps.ts';
import { clientRoute } from './client-route.ts';
import { missing, trimmed } from './form.ts';
import { nameOf } from './grants/handover-answer.ts';
import { CLIENT_ID } from './parameters.ts';
import { introspectionResponse, refreshTokenParameter } from './schemas.ts';

/** `POST /introspect`: who am I, and what may I take (RFC 7662)? The token stays good. */
export function introspectRoute(app: FastifyInstance, deps: LoginDeps): void {
  clientRoute(app, deps, {
    path: '/introspect',
    schema: {
      operationId: 'introspect',
      summary: 'Whose refresh token is it, and which roles may they take? (RFC 7662)',
      body: refreshTokenParameter,
      response: {
        200: {
          description: 'What the token stands for',
          content: { 'application/json': { schema: introspectionResponse } },
        },
      },
    },
    handle: async (_request, form) => {
      const token = trimmed(form, 'token');
      if (token === undefined) return missing('token');
      const handed = await deps.login.handovers.introspect(token);
      if (!(handed instanceof Refusal)) return describe(deps.login, handed);
      // Why it is not good is nobody's business (§2.2); that it isn't known is no such answer.
      return handed.code === 'temporarily_unavailable' ? handed : { active: false };
    },
  });
}

function describe(login: LoginService, { session, role }: HandedSession): object {
  const { identity, startedAt, endsAt } = session;
  const { grants } = login.choices(identity);
  const username = nameOf(identity);
  return {
    active: true,
    iss: identity.issuer,
    sub: identity.subject,
    exp: endsAt,
    iat: startedAt,
    client_id: CLIENT_ID,
    ...(username !== undefined && { username }),
    scope: role,
    roles: grants.map(({ role }) => ({
      role: role.name,
      account: role.account,
      max_ttl: role.maxTtlSeconds,
    })),
  };
}
