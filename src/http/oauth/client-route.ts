import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { LoginDeps } from '../deps.ts';
import { refusalBeforeBody } from '../request/before-body.ts';
import { sendOAuthError } from './error.ts';
import { type Form, formOf, repeated } from './form.ts';
import { checkClient } from './parameters.ts';
import { errorResponse } from './schemas.ts';

/** A route for the one client. It answers with the members of its JSON, or a refusal. */
export interface ClientRoute {
  readonly path: string;
  readonly schema: FastifySchema & { readonly body: object; readonly response: object };
  readonly handle: (request: FastifyRequest, form: Form) => Promise<object | Refusal>;
}

const NO_LOGINS = new Refusal('login_not_configured', 'Sign-in is not configured on this service.');

/** A form `POST` by a program that users sign in to; errors as in RFC 6749 §5.2. */
export function clientRoute(
  app: FastifyInstance,
  deps: LoginDeps,
  { path, schema, handle }: ClientRoute,
): void {
  app.post(path, {
    schema: {
      ...schema,
      consumes: ['application/x-www-form-urlencoded'],
      response: { ...schema.response, '4xx': errorResponse, '5xx': errorResponse },
    },
    config: { errors: 'oauth' },
    // The handlers check more than a schema can; the schema is for openapi.yaml.
    validatorCompiler: () => () => true,
    onRequest: async (request, reply) => {
      const refusal = await refusalBeforeBody(deps, request);
      if (refusal) return sendOAuthError(reply, refusal);
    },
    handler: async (request, reply) => {
      const form = formOf(request.body);
      const answer = refusalBefore(deps, form) ?? (await handle(request, form));
      return answer instanceof Refusal ? sendOAuthError(reply, answer) : send(reply, answer);
    },
  });
}

function refusalBefore({ login }: LoginDeps, form: Form): Refusal | undefined {
  if (login.logins.issuers().length === 0) return NO_LOGINS;
  return repeated(form) ?? checkClient(form);
}

function send(reply: FastifyReply, answer: object): FastifyReply {
  return reply.header('cache-control', 'no-store').header('pragma', 'no-cache').send(answer);
}
