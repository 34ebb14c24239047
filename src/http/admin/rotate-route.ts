import type { FastifyInstance } from 'fastify';
import type { RotateAsk } from './actions.ts';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { rotateBody, rotateResponse } from './schemas.ts';

/** `POST /admin/keys/rotate`: the next keys take over as soon as they surely may. */
export function rotateRoute(app: FastifyInstance, doors: AdminDoors): void {
  app.post<{ Body: RotateAsk | null | undefined }>('/admin/keys/rotate', {
    schema: {
      ...adminSchema,
      operationId: 'rotateKeys',
      summary: 'Ask for a rotation of signing keys',
      description: 'Of every account, of one, or of one role. No credential is refused for it.',
      consumes: ['application/json'],
      body: rotateBody,
      response: answers(202, rotateResponse),
    },
    onRequest: limited(doors),
    handler: (request, reply) =>
      call(
        doors,
        { request, reply },
        (caller) => doors.admin.actions.rotate(request.body ?? {}, caller),
        (answer) => reply.code(202).send(answer),
      ),
  });
}
