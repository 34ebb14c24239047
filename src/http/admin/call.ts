import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { addressOf } from '../request/address.ts';
import { refusalBeforeBody } from '../request/before-body.ts';
import type { RouteDeps } from '../deps.ts';
import { sendProblem } from '../refusals/problem.ts';
import { problem } from '../schemas.ts';
import { presentedToken } from '../request/subject-token.ts';
import type { Admin, AdminCaller } from './actions.ts';

/** The dependencies of each admin route. */
export interface AdminDoors extends Pick<RouteDeps, 'live' | 'limitAddress' | 'limitIdentity'> {
  readonly admin: Admin;
}

const problemResponse = {
  description: 'Refused',
  content: { 'application/problem+json': { schema: problem } },
};

/** Shared by the schemas of all admin routes. */
export const adminSchema = {
  security: [{ subjectToken: [] }],
  tags: ['admin'],
};

/** The answers of a route: its success, and the refusals. */
export function answers(status: number, schema: object) {
  return { [status]: schema, '4xx': problemResponse, '5xx': problemResponse };
}

/** Before a body is read, refuses callers over the limit, and query parameters if the schema has none. */
export function limited(doors: AdminDoors) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const takesQuery = request.routeOptions.schema?.querystring !== undefined;
    const refusal = await (takesQuery
      ? doors.limitAddress(request)
      : refusalBeforeBody(doors, request));
    if (refusal) return sendProblem(reply, refusal);
  };
}

/**
 * Handles one request: authenticates the administrator, acts and answers. `act` is called only for
 * administrators.
 */
export async function call<Answer>(
  { admin, live, limitIdentity }: AdminDoors,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  act: (caller: AdminCaller) => Promise<Answer | Refusal>,
  send: (answer: Answer) => FastifyReply = (answer) => reply.send(answer),
): Promise<FastifyReply> {
  const presented = presentedToken(request, undefined, live().publicUrl);
  if (presented instanceof Refusal) return sendProblem(reply, presented);
  const caller = await admin.authenticate({
    requestId: request.id,
    address: addressOf(request),
    subject: presented,
    admit: (identity) => limitIdentity(request, identity),
  });
  if (caller instanceof Refusal) return sendProblem(reply, caller, live().contact);
  const answer = await act(caller);
  if (answer instanceof Refusal) return sendProblem(reply, answer, live().contact);
  reply.header('cache-control', 'no-store');
  return send(answer);
}
