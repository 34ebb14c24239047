import type { FastifyReply } from 'fastify';
import type { Refusal } from '../errors.ts';
import { quotable, statusOf } from './problem.ts';

/** `error` values of the token endpoint (RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 9449 §5). */
type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error';

/** What was asked for, as far as it changes the name of the error. */
export interface OAuthAsk {
  readonly scope?: boolean;
  readonly target?: boolean;
}

/**
 * A refusal in the token endpoint's own form.
 *
 * A subject or actor token that is invalid *or unacceptable by policy* is `invalid_request` with
 * status 400, not 401 or 403 (RFC 8693 §2.2.2).
 */
export function sendOAuthError(
  reply: FastifyReply,
  refusal: Refusal,
  ask: OAuthAsk = {},
): FastifyReply {
  if (refusal.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(refusal.retryAfterSeconds));
  }
  return send(reply, oauthStatus(refusal), oauthError(refusal, ask), refusal.message);
}

export function sendOAuthFault(reply: FastifyReply): FastifyReply {
  return send(reply, 500, 'server_error', 'Something went wrong inside the service.');
}

function send(
  reply: FastifyReply,
  status: number,
  error: OAuthErrorCode,
  description: string,
): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('pragma', 'no-cache')
    .type('application/json')
    .serializer(JSON.stringify)
    .send({ error, error_description: quotable(description), request_id: reply.request.id });
}

function oauthStatus(refusal: Refusal): number {
  switch (refusal.code) {
    case 'invalid_token':
    case 'access_denied':
      return 400;
    case 'invalid_request':
    case 'not_found':
    case 'method_not_allowed':
    case 'payload_too_large':
    case 'unsupported_media_type':
    case 'rate_limited':
    case 'temporarily_unavailable':
      return statusOf(refusal);
  }
}

function oauthError({ code, reason }: Refusal, { scope, target }: OAuthAsk): OAuthErrorCode {
  if (reason === 'grant_type_unsupported') return 'unsupported_grant_type';
  if (reason === 'scope_invalid') return 'invalid_scope';
  if (reason === 'target_invalid') return 'invalid_target';
  if (reason === 'proof_invalid') return 'invalid_dpop_proof';
  if (reason === 'role_not_allowed' && scope) return 'invalid_scope';
  if (reason === 'role_not_allowed' && target) return 'invalid_target';
  if (code === 'rate_limited' || code === 'temporarily_unavailable') {
    return 'temporarily_unavailable';
  }
  return 'invalid_request';
}
