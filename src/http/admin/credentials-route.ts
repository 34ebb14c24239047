import type { FastifyInstance } from 'fastify';
import {
  credentialsAnswer,
  credentialsQuery,
  type CredentialsQuery,
} from '../../admin-api/credentials.ts';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { answerSchema, requestSchema } from './json-schema.ts';

/** `GET /admin/credentials`: the credentials that have not expired. */
export function credentialsRoute(app: FastifyInstance, doors: AdminDoors): void {
  app.get<{ Querystring: CredentialsQuery }>('/admin/credentials', {
    schema: {
      ...adminSchema,
      operationId: 'listCredentials',
      summary: 'Credentials that have not expired',
      querystring: requestSchema(credentialsQuery),
      response: answers(200, answerSchema(credentialsAnswer)),
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
