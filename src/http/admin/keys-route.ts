import type { FastifyInstance } from 'fastify';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { keysResponse } from './schemas.ts';

/** `GET /admin/keys`: the signing keys of every account, and where each stands. */
export function keysRoute(app: FastifyInstance, doors: AdminDoors): void {
  app.get('/admin/keys', {
    schema: {
      ...adminSchema,
      operationId: 'listKeys',
      summary: 'Signing keys and their states',
      response: answers(200, keysResponse),
    },
    onRequest: limited(doors),
    handler: (request, reply) => call(doors, { request, reply }, () => doors.admin.actions.keys()),
  });
}
