import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import {
  revocationBody,
  revocationParams,
  revocationResponse,
  revocationsResponse,
} from './schemas.ts';
import { targetOf, type TargetBody } from './target.ts';

interface RevocationBody extends TargetBody {
  readonly reason: string;
  readonly block?: boolean;
  readonly dry_run?: boolean;
}

/** `/admin/revocations`: who is cut off; make one, lift one. */
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
      response: answers(200, revocationsResponse),
    },
    onRequest: limited(doors),
    handler: (request, reply) =>
      call(doors, { request, reply }, () => doors.admin.actions.revocations()),
  });
}

function make(app: FastifyInstance, doors: AdminDoors): void {
  app.post<{ Body: RevocationBody }>('/admin/revocations', {
    schema: {
      ...adminSchema,
      operationId: 'revoke',
      summary: 'Cut off an identity, a user, a role or a binding',
      description:
        'Credentials that are alive are cut on every server, and subject tokens issued until now are refused.',
      consumes: ['application/json'],
      body: revocationBody,
      response: { ...answers(201, revocationResponse), 200: revocationResponse },
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
  app.delete<{ Params: { readonly id: string } }>('/admin/revocations/:id', {
    schema: {
      ...adminSchema,
      operationId: 'liftRevocation',
      summary: 'Lift a revocation',
      description: 'Credentials that it cut and that have not expired work again.',
      params: revocationParams,
      response: answers(204, { type: 'null', description: 'It is lifted' }),
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
