import type { FastifyInstance } from 'fastify';
import {
  keyParams,
  type KeyParams,
  keysAnswer,
  revokeKeyAnswer,
  revokeKeyBody,
  type RevokeKeyBody,
  rotateAnswer,
  rotateBody,
  type RotateBody,
} from '../../admin-api/keys.ts';
import { type AdminDoors, adminSchema, answers, call, limited } from './call.ts';
import { answerSchema, orNoBody, requestSchema } from './json-schema.ts';

/** `/admin/keys`: the signing keys of every account; rotate them, revoke one. */
export function keysRoutes(app: FastifyInstance, doors: AdminDoors): void {
  list(app, doors);
  rotate(app, doors);
  revoke(app, doors);
}

function list(app: FastifyInstance, doors: AdminDoors): void {
  app.get('/admin/keys', {
    schema: {
      ...adminSchema,
      operationId: 'listKeys',
      summary: 'Signing keys and their states',
      response: answers(200, answerSchema(keysAnswer)),
    },
    onRequest: limited(doors),
    handler: (request, reply) => call(doors, { request, reply }, () => doors.admin.actions.keys()),
  });
}

function rotate(app: FastifyInstance, doors: AdminDoors): void {
  app.post<{ Body: RotateBody | null | undefined }>('/admin/keys/rotate', {
    schema: {
      ...adminSchema,
      operationId: 'rotateKeys',
      summary: 'Rotate signing keys',
      description: 'Of every account, of one account, or of one role. Disconnects nobody.',
      consumes: ['application/json'],
      body: orNoBody(requestSchema(rotateBody)),
      response: answers(202, answerSchema(rotateAnswer)),
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

interface RevokeKey {
  readonly Params: KeyParams;
  readonly Body: RevokeKeyBody;
}

/** For emergencies: revokes every credential that the key signed. */
function revoke(app: FastifyInstance, doors: AdminDoors): void {
  app.post<RevokeKey>('/admin/keys/:public_key/revoke', {
    schema: {
      ...adminSchema,
      operationId: 'revokeKey',
      summary: 'Revoke a signing key and every credential that it signed',
      consumes: ['application/json'],
      params: requestSchema(keyParams),
      body: requestSchema(revokeKeyBody),
      response: answers(200, answerSchema(revokeKeyAnswer)),
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
