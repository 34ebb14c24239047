import type { FastifyInstance } from 'fastify';
import type { CredentialsAsk } from './actions.ts';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { credentialsQuery, credentialsResponse } from './schemas.ts';

interface Query extends Omit<CredentialsAsk, 'limit'> {
  readonly limit?: string;
}

/** `GET /admin/credentials`: what was issued and has not expired. */
export function credentialsRoute(app: FastifyInstance, doors: AdminDoors): void {
  app.get<{ Querystring: Query }>('/admin/credentials', {
    schema: {
      ...adminSchema,
      operationId: 'listCredentials',
      summary: 'Credentials that are alive',
      querystring: credentialsQuery,
      response: answers(200, credentialsResponse),
    },
    onRequest: limited(doors),
    handler: (request, reply) => {
      const { limit = '100', ...filter } = request.query;
      return call(doors, { request, reply }, () =>
        doors.admin.actions.credentials({ ...filter, limit: Number(limit) }),
      );
    },
  });
}
