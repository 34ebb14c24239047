import type { Refusal, RefusalCode } from '../../errors.ts';

/**
 * The one place where a refusal gets its HTTP status: everywhere, and at the OAuth endpoints. There a
 * subject or actor token that is invalid *or unacceptable by policy* is 400 (RFC 8693 §2.2.2).
 */
const STATUS: Record<RefusalCode, { readonly problem: number; readonly oauth: number }> = {
  invalid_request: { problem: 400, oauth: 400 },
  invalid_token: { problem: 401, oauth: 400 },
  access_denied: { problem: 403, oauth: 400 },
  not_found: { problem: 404, oauth: 404 },
  method_not_allowed: { problem: 405, oauth: 405 },
  payload_too_large: { problem: 413, oauth: 413 },
  unsupported_media_type: { problem: 415, oauth: 415 },
  rate_limited: { problem: 429, oauth: 429 },
  temporarily_unavailable: { problem: 503, oauth: 503 },
};

/** The status of problem details and pages. */
export function statusOf({ code }: Refusal): number {
  return STATUS[code].problem;
}

/** The status at the OAuth endpoints; an unknown client is 401 (RFC 6749 §5.2). */
export function oauthStatusOf({ code, reason }: Refusal): number {
  return reason === 'client_unknown' ? 401 : STATUS[code].oauth;
}
