import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import type { Issued } from '../exchange.ts';
import { addressOf } from './address.ts';
import type { PeopleDoors } from './login/routes.ts';
import { sendOAuthError } from './oauth-error.ts';
import { oauthError, tokenBody, tokenResponse } from './schemas.ts';
import { dpopProof } from './subject-token.ts';
import { CREDS_TYPE, parseTokenRequest, type TokenRequest } from './token-request.ts';

const errorResponse = {
  description: 'Refused',
  content: { 'application/json': { schema: oauthError } },
};

/** `POST /token`: OAuth 2.0 Token Exchange (RFC 8693). */
export function tokenRoute(app: FastifyInstance, doors: PeopleDoors): void {
  app.post('/token', {
    schema: {
      operationId: 'token',
      summary: 'OAuth 2.0 Token Exchange (RFC 8693)',
      consumes: ['application/x-www-form-urlencoded'],
      body: tokenBody,
      response: {
        200: {
          description: 'The credential',
          content: { 'application/json': { schema: tokenResponse } },
        },
        '4xx': errorResponse,
        '5xx': errorResponse,
      },
    },
    config: { errors: 'oauth' },
    // parseTokenRequest says more than a schema can; the schema is there for openapi.yaml.
    validatorCompiler: () => () => true,
    onRequest: async (request, reply) => {
      const refusal = await doors.limitAddress(request);
      if (refusal) return sendOAuthError(reply, refusal);
    },
    handler: (request, reply) => answer(doors, request, reply),
  });
}

async function answer(
  doors: PeopleDoors,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const live = doors.live();
  const asked = parseTokenRequest(request.body, live);
  if (asked instanceof Refusal) return sendOAuthError(reply, asked);

  const issued = await doors.exchange({
    door: 'token',
    requestId: request.id,
    address: addressOf(request),
    subject: { token: asked.subjectToken, proof: dpopProof(request, live.publicUrl) },
    actorToken: asked.actorToken,
    ask: asked.ask,
    userPublicKey: asked.userPublicKey,
    admit: (identity) => doors.limitIdentity(request, identity),
  });
  if (issued instanceof Refusal) {
    return sendOAuthError(reply, issued, {
      scope: asked.ask.role !== undefined,
      target: asked.ask.account !== undefined,
    });
  }
  return reply
    .header('cache-control', 'no-store')
    .header('pragma', 'no-cache')
    .send(response(asked, issued, live.servers));
}

function response({ requestedType }: TokenRequest, issued: Issued, servers: readonly string[]) {
  const { credential, grant } = issued;
  const whole = requestedType === CREDS_TYPE;
  return {
    access_token: whole ? credential.creds : credential.jwt,
    issued_token_type: requestedType,
    token_type: 'N_A',
    expires_in: credential.expiresAt - credential.issuedAt,
    scope: grant.role.name,
    seed: whole ? undefined : credential.seed,
    account: credential.account,
    servers,
  };
}
