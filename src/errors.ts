/**
 * Every reason for nats-sts to refuse, in one list.
 *
 * A refusal is a value that is returned; a fault is an exception that is thrown. A refusal has a
 * stable `code` (what the caller's program switches on), a stable `reason` (what an operator greps
 * for), a `message` that is safe to show to a stranger, and a `detail` that only the log sees.
 */

/** Codes of the public contract; `src/http/refusals/status.ts` is the one place that maps them to HTTP. */
export type RefusalCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'access_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'temporarily_unavailable';

/** The finer reasons and the code each belongs to. Adding one is compatible, renaming one is not. */
export const REASONS = {
  // What was asked for
  request_malformed: 'invalid_request',
  parameter_missing: 'invalid_request',
  parameter_invalid: 'invalid_request',
  parameter_repeated: 'invalid_request',
  grant_type_unsupported: 'invalid_request',
  nkey_invalid: 'invalid_request',
  scope_invalid: 'invalid_request',
  target_invalid: 'invalid_request',
  not_found: 'not_found',
  method_not_allowed: 'method_not_allowed',
  body_too_large: 'payload_too_large',
  content_type_unsupported: 'unsupported_media_type',
  // The subject token
  token_missing: 'invalid_token',
  token_malformed: 'invalid_token',
  token_too_large: 'invalid_token',
  token_encrypted: 'invalid_token',
  token_not_a_jwt: 'invalid_token',
  token_header_unsupported: 'invalid_token',
  issuer_unknown: 'invalid_token',
  algorithm_not_allowed: 'invalid_token',
  key_unknown: 'invalid_token',
  key_unusable: 'invalid_token',
  signature_invalid: 'invalid_token',
  token_expired: 'invalid_token',
  token_not_yet_valid: 'invalid_token',
  token_lifetime_too_long: 'invalid_token',
  claim_missing: 'invalid_token',
  claim_malformed: 'invalid_token',
  audience_mismatch: 'invalid_token',
  token_kind_not_allowed: 'invalid_token',
  tenant_not_allowed: 'invalid_token',
  token_reused: 'invalid_token',
  token_revoked: 'invalid_token',
  proof_required: 'invalid_token',
  proof_invalid: 'invalid_token',
  // Signing in, and handing a credential to a program
  session_missing: 'invalid_token',
  login_unknown: 'invalid_request',
  login_issuer_mismatch: 'invalid_request',
  login_refused: 'access_denied',
  login_failed: 'temporarily_unavailable',
  login_not_configured: 'not_found',
  session_too_large: 'access_denied',
  cross_site: 'access_denied',
  client_unknown: 'invalid_token',
  redirect_uri_invalid: 'invalid_request',
  response_type_unsupported: 'invalid_request',
  grant_invalid: 'invalid_request',
  authorization_pending: 'invalid_request',
  slow_down: 'invalid_request',
  device_code_expired: 'invalid_request',
  handover_refused: 'access_denied',
  user_code_unknown: 'invalid_request',
  // A request of a NATS server (auth callout)
  callout_request_invalid: 'invalid_request',
  callout_unreadable: 'invalid_request',
  callout_server_unknown: 'invalid_request',
  callout_replayed: 'invalid_request',
  // The decision
  no_binding: 'access_denied',
  role_not_allowed: 'access_denied',
  groups_overage: 'access_denied',
  template_claim_missing: 'access_denied',
  template_value_unsafe: 'access_denied',
  credential_too_large: 'access_denied',
  connection_type_not_allowed: 'access_denied',
  source_not_allowed: 'access_denied',
  time_not_allowed: 'access_denied',
  callout_only: 'access_denied',
  actor_not_allowed: 'access_denied',
  blocked: 'access_denied',
  not_admin: 'access_denied',
  admin_not_configured: 'access_denied',
  // The service
  too_many_requests: 'rate_limited',
  issuer_unavailable: 'temporarily_unavailable',
  audit_unavailable: 'temporarily_unavailable',
  signing_key_pending: 'temporarily_unavailable',
  account_unavailable: 'temporarily_unavailable',
  signing_key_unavailable: 'temporarily_unavailable',
  store_unavailable: 'temporarily_unavailable',
  overloaded: 'temporarily_unavailable',
  answer_too_late: 'temporarily_unavailable',
} as const satisfies Record<string, RefusalCode>;

export type RefusalReason = keyof typeof REASONS;

/** A "no" to the caller. Returned, never thrown. */
export class Refusal {
  readonly reason: RefusalReason;
  /** One sentence, safe to show to anyone: no secrets, and no text from a third party. */
  readonly message: string;
  /** For the log and the audit record only. Never holds a token, seed or key. */
  readonly detail: string | undefined;
  /** Seconds to wait before trying again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    reason: RefusalReason,
    message: string,
    more: { detail?: string; retryAfterSeconds?: number } = {},
  ) {
    this.reason = reason;
    this.message = message;
    this.detail = more.detail;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  get code(): RefusalCode {
    return REASONS[this.reason];
  }
}

/** Says "try again", so the same token or code must still work then. */
export function isRetriable({ code }: Refusal): boolean {
  return code === 'temporarily_unavailable' || code === 'rate_limited';
}

/** A mistake in the operator's input: where it is, what is wrong, what to write instead. */
export interface Problem {
  /** Dotted path from the root of the file, e.g. `roles.orders.publish.allow[0]`; empty for the file itself. */
  path: string;
  message: string;
  /** 1-based position in the file, when known. */
  line?: number;
}

/** Thrown when the operator's input cannot be used; carries every problem, not only the first. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly source: string;
  readonly problems: readonly Problem[];

  constructor(source: string, problems: readonly Problem[]) {
    super(
      `${source}: ${problems.length} problem${problems.length === 1 ? '' : 's'}\n` +
        problems.map((p) => `  ${formatProblem(p)}`).join('\n'),
    );
    this.source = source;
    this.problems = problems;
  }
}

export function formatProblem({ path, message, line }: Problem): string {
  return `${line === undefined ? '' : `line ${line}: `}${path === '' ? '' : `${path}: `}${message}`;
}
