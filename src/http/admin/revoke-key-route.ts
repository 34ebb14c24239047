import type { FastifyInstance } from 'fastify';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { keyParams, revokeKeyBody, revokeKeyResponse } from './schemas.ts';

interface RevokeKey {
  readonly Params: { readonly public_key: string };
  readonly Body: { readonly reason: string };
}

/** `POST /admin/keys/{public_key}/revoke`: emergency; everyone behind the key is cut. */
export function revokeKeyRoute(app: FastifyInstance, doors: AdminDoors): void {
  app.post<RevokeKey>('/admin/keys/:public_key/revoke', {
    schema: {
      ...adminSchema,
      operationId: 'revokeKey',
      summary: 'Revoke a signing key, and with it every credential that it signed',
      consumes: ['application/json'],
      params: keyParams,
      body: revokeKeyBody,
      response: answers(200, revokeKeyResponse),
    },
    onRequest: limited(doors),
    handler: (request, reply) =>
      call(doors, { request, reply }, (caller) =>
        doors.admin.actions.revokeKey(
          { publicKey: request.params.public_key, reason: request.body.reason },
          caller,
        ),
      ),
  });
}
