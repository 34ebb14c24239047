import type { FastifyInstance } from 'fastify';
import {
  revocationParams,
  type RevocationParams,
  revocationsAnswer,
  revokeAnswer,
  revokeBody,
  type RevokeBody,
} from '../../admin-api/revocations.ts';
import { Refusal } from '../../errors.ts';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { answerSchema, requestSchema } from './json-schema.ts';
import { targetOf } from './target.ts';

/** `/admin/revocations`: lists, makes and lifts revocations. */
export function revocationsRoutes(app: FastifyInstance, doors: AdminDoors): void {
  list(app, doors);
  make(app, doors);
  lift(app, doors);
}

function list(app: FastifyInstance, doors: AdminDoors): void {
  app.get('/admin/revocations', {
    schema: {
      ...adminSchema,
      operationId: 'listRevocations',
      summary: 'Revocations in force',
      response: answers(200, answerSchema(revocationsAnswer)),
    },
    onRequest: limited(doors),
    handler: (request, reply) =>
      call(doors, { request, reply }, () => doors.admin.actions.revocations()),
  });
}

/** Handlers never see a null: it counts as absent. */
type Received<Body> = { readonly [Key in keyof Body]: Exclude<Body[Key], null> };

function make(app: FastifyInstance, doors: AdminDoors): void {
  const answer = answerSchema(revokeAnswer);
  app.post<{ Body: Received<RevokeBody> }>('/admin/revocations', {
    schema: {
      ...adminSchema,
      operationId: 'revoke',
      summary: 'Revoke the credentials of an identity, a user, a role or a binding',
      description:
        'Every server disconnects the users of these credentials, and subject tokens issued until now are denied.',
      consumes: ['application/json'],
      body: requestSchema(revokeBody),
      response: { ...answers(201, answer), 200: answer },
    },
    onRequest: limited(doors),
    handler: (request, reply) => {
      const { reason, block = false, dry_run: dryRun = false, ...named } = request.body;
      return call(
        doors,
        { request, reply },
        async (caller) => {
          const target = targetOf(named);
          if (target instanceof Refusal) return target;
          return doors.admin.actions.revoke({ target, reason, block, dryRun }, caller);
        },
        (answer) => reply.code(dryRun ? 200 : 201).send(answer),
      );
    },
  });
}

function lift(app: FastifyInstance, doors: AdminDoors): void {
  app.delete<{ Params: RevocationParams }>('/admin/revocations/:id', {
    schema: {
      ...adminSchema,
      operationId: 'liftRevocation',
      summary: 'Lift a revocation',
      description: 'Credentials that it revoked and that have not expired work again.',
      params: requestSchema(revocationParams),
      response: answers(204, { type: 'null', description: 'The revocation is lifted' }),
    },
    onRequest: limited(doors),
    handler: (request, reply) =>
      call(
        doors,
        { request, reply },
        (caller) => doors.admin.actions.lift(request.params.id, caller),
        () => reply.code(204).send(),
      ),
  });
}
