import type { FastifyReply } from 'fastify';
import type { Refusal, RefusalReason } from '../../errors.ts';
import { quotable } from '../refusals/problem.ts';
import { oauthStatusOf } from '../refusals/status.ts';

/** `error` values of the OAuth endpoints (RFC 6749 §5.2, RFC 8628 §3.5, RFC 8693 §2.2.2, RFC 9449 §5). */
type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'unsupported_grant_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'access_denied'
  /** Our own, with status 404: sign-in is not configured. */
  | 'not_found'
  | 'temporarily_unavailable'
  | 'server_error';

/** The parts of the request that change the error code. */
export interface OAuthAsk {
  readonly scope?: boolean;
  readonly target?: boolean;
  /** A user's grant rather than a subject token. */
  readonly person?: boolean;
}

/**
 * A refusal in the token endpoint's own form.
 *
 * A subject or actor token that is invalid *or unacceptable by policy* is `invalid_request` with
 * status 400, not 401 or 403 (RFC 8693 §2.2.2). For a
 * user's grant, whatever ended is `invalid_grant`: signing in again helps. What the policy denies is not.
 */
export function sendOAuthError(
  reply: FastifyReply,
  refusal: Refusal,
  ask: OAuthAsk = {},
): FastifyReply {
  if (refusal.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(refusal.retryAfterSeconds));
  }
  // A 401 needs a challenge (RFC 9110 §15.5.2). The client is public, so nothing answers it.
  if (refusal.reason === 'client_unknown') {
    reply.header('www-authenticate', 'Basic realm="nats-sts"');
  }
  return send(reply, oauthStatusOf(refusal), oauthError(refusal, ask), refusal.message);
}

export function sendOAuthFault(reply: FastifyReply): FastifyReply {
  return send(reply, 500, 'server_error', 'Internal error. Try again later.');
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

function oauthError(refusal: Refusal, { scope, target, person }: OAuthAsk): OAuthErrorCode {
  const { code, reason } = refusal;
  const own = OF_REASONS[reason];
  if (own) return own;
  if (reason === 'role_not_allowed' && (scope || person)) return 'invalid_scope';
  if (reason === 'role_not_allowed' && target) return 'invalid_target';
  if (code === 'rate_limited' || code === 'temporarily_unavailable') {
    return 'temporarily_unavailable';
  }
  return person ? errorOfPerson(refusal) : 'invalid_request';
}

/** Reasons that have the same error code for every request. */
const OF_REASONS: Partial<Record<RefusalReason, OAuthErrorCode>> = {
  grant_type_unsupported: 'unsupported_grant_type',
  scope_invalid: 'invalid_scope',
  target_invalid: 'invalid_target',
  proof_invalid: 'invalid_dpop_proof',
  client_unknown: 'invalid_client',
  grant_invalid: 'invalid_grant',
  session_missing: 'invalid_grant',
  authorization_pending: 'authorization_pending',
  slow_down: 'slow_down',
  device_code_expired: 'expired_token',
  handover_refused: 'access_denied',
  login_not_configured: 'not_found',
};

function errorOfPerson({ code, reason }: Refusal): OAuthErrorCode {
  if (code === 'invalid_token' || reason === 'blocked') return 'invalid_grant';
  return code === 'access_denied' ? 'access_denied' : 'invalid_request';
}
