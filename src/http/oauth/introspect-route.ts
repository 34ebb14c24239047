import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { HandedSession } from '../../login/handovers.ts';
import type { LoginService, LoginDeps } from '../deps.ts';
import { clientRoute } from './client-route.ts';
import { missing, trimmed } from './form.ts';
import { nameOf } from './grants/handover-answer.ts';
import { CLIENT_ID } from './parameters.ts';
import { introspectionResponse, refreshTokenParameter } from './schemas.ts';

/** `POST /introspect`: the owner of a refresh token and their roles (RFC 7662). The token stays valid. */
export function introspectRoute(app: FastifyInstance, deps: LoginDeps): void {
  clientRoute(app, deps, {
    path: '/introspect',
    schema: {
      operationId: 'introspect',
      summary: 'The owner of a refresh token, and the roles that they can take (RFC 7662)',
      body: refreshTokenParameter,
      response: {
        200: {
          description: 'What the token is good for',
          content: { 'application/json': { schema: introspectionResponse } },
        },
      },
    },
    handle: async (_request, form) => {
      const token = trimmed(form, 'token');
      if (token === undefined) return missing('token');
      const handed = await deps.login.handovers.introspect(token);
      if (!(handed instanceof Refusal)) return describe(deps.login, handed);
      // Do not say why it is not valid (§2.2). But an unavailable store does not mean "not valid".
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
