import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Refusal, RefusalCode } from '../../errors.ts';
import { statusOf } from './status.ts';

/** Problem details (RFC 9457), used everywhere except at the OAuth endpoints. */
interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode | 'internal_error';
  readonly reason: string;
  readonly request_id: string;
  /** Whom to contact; set for denials only. */
  readonly contact?: string;
}

/** `contact` is sent with denials only: for other refusals, contacting the operator does not help. */
export function sendProblem(reply: FastifyReply, refusal: Refusal, contact?: string): FastifyReply {
  const status = statusOf(refusal);
  if (refusal.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(refusal.retryAfterSeconds));
  }
  if (status === 401) reply.header('www-authenticate', challenge(refusal));
  return send(reply, {
    type: `urn:nats-sts:error:${refusal.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: refusal.message,
    code: refusal.code,
    reason: refusal.reason,
    request_id: reply.request.id,
    ...(status === 403 && contact !== undefined && { contact }),
  });
}

/** An internal fault. Reveals only the id under which the log has the cause. */
export function sendFault(reply: FastifyReply): FastifyReply {
  return send(reply, {
    type: 'urn:nats-sts:error:internal_error',
    title: 'Internal Server Error',
    status: 500,
    detail: 'Internal error. The service log has the cause under this request_id.',
    code: 'internal_error',
    reason: 'internal_error',
    request_id: reply.request.id,
  });
}

function send(reply: FastifyReply, problem: ProblemDetails): FastifyReply {
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem);
}

/** `WWW-Authenticate` (RFC 6750 §3; RFC 9449 §7.1 for tokens bound to a key). */
function challenge({ reason, message }: Refusal): string {
  if (reason === 'token_missing') return 'Bearer realm="nats-sts"';
  const scheme = reason === 'proof_required' || reason === 'proof_invalid' ? 'DPoP' : 'Bearer';
  const error = reason === 'proof_invalid' ? 'invalid_dpop_proof' : 'invalid_token';
  return `${scheme} realm="nats-sts", error="${error}", error_description="${quotable(message)}"`;
}

/** The characters RFC 6750 §3 allows in `error_description`. */
export function quotable(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '?');
}
