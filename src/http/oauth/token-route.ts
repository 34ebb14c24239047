import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { LoginDeps } from '../deps.ts';
import { refusalBeforeBody } from '../request/before-body.ts';
import { sendOAuthError } from './error.ts';
import { formOf, repeated } from './form.ts';
import { grantOf } from './grants/grant-types.ts';
import { errorResponse, tokenBody, tokenResponse } from './schemas.ts';

/** `POST /token`: subject tokens (RFC 8693), codes, device codes and refresh tokens become credentials. */
export function tokenRoute(app: FastifyInstance, deps: LoginDeps): void {
  app.post('/token', {
    schema: {
      operationId: 'token',
      summary: 'OAuth 2.0 token endpoint (RFC 6749 §3.2, RFC 8693)',
      description:
        'All grants except token exchange are for programs that users sign in to, and need an issuer with a `login`.',
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
    // The grants check more than a schema can; the schema is for openapi.yaml.
    validatorCompiler: () => () => true,
    onRequest: async (request, reply) => {
      const refusal = await refusalBeforeBody(deps, request);
      if (refusal) return sendOAuthError(reply, refusal);
    },
    handler: (request, reply) => answer(deps, request, reply),
  });
}

/** RFC 8693 §2.1. */
const REPEATABLE = new Set(['audience', 'resource']);

async function answer(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const form = formOf(request.body);
  const grant = repeated(form, REPEATABLE) ?? grantOf(form, deps.login);
  if (grant instanceof Refusal) return sendOAuthError(reply, grant);
  const outcome = await grant(deps, request, form);
  if ('refusal' in outcome) return sendOAuthError(reply, outcome.refusal, outcome.asked);
  return reply
    .header('cache-control', 'no-store')
    .header('pragma', 'no-cache')
    .send(outcome.answer);
}
