import { Refusal } from '../../errors.ts';
import type { CodeAsk } from '../../login/handovers.ts';
import { quotable } from '../refusals/problem.ts';
import { type Form, formOf, invalid, missing, repeated, text } from './form.ts';
import { checkClient, parseHandoverAsk, requireNkey } from './parameters.ts';

/** The outcome of reading an authorization request (RFC 6749 §4.1.1). */
export type AuthorizationRequest =
  | { readonly kind: 'ask'; readonly ask: CodeAsk; readonly state: string }
  /** The client or the redirect URI is invalid: show a page, and do not redirect (§4.1.2.1). */
  | { readonly kind: 'page'; readonly refusal: Refusal }
  /** The error goes to the program. */
  | { readonly kind: 'redirect'; readonly url: string };

/** `error` of an authorization response (RFC 6749 §4.1.2.1). */
export type AuthorizationErrorCode =
  | 'invalid_request'
  | 'invalid_scope'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'temporarily_unavailable'
  | 'server_error';

/** The answer to the program, through the browser; `iss` is this service (RFC 9207). */
export type AuthorizationAnswer = {
  /** The service's `publicUrl`. */
  readonly iss: string;
  /** As in the request; undefined if it was invalid. */
  readonly state: string | undefined;
} & (
  | { readonly code: string }
  | { readonly error: AuthorizationErrorCode; readonly error_description: string }
);

/** RFC 7636 §4.2: what S256 makes of a verifier. */
const CODE_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
/** RFC 6749 appendix A.5. */
const STATE = /^[\x20-\x7E]{1,256}$/;

/** Reads what a program wants the user to agree to. `query`: the parameters of the URL, or of the form that repeats them. */
export function parseAuthorizationRequest(query: unknown, publicUrl: string): AuthorizationRequest {
  const form = formOf(query);
  const redirectUri = parseDestination(form);
  if (redirectUri instanceof Refusal) return { kind: 'page', refusal: redirectUri };
  const state = parseState(form);
  const ask = parseCodeAsk(form, redirectUri);
  if (state instanceof Refusal) return toProgram(redirectUri, publicUrl, undefined, state);
  if (ask instanceof Refusal) return toProgram(redirectUri, publicUrl, state, ask);
  return { kind: 'ask', ask, state };
}

/** The URL that carries the answer. `redirectUri` comes from a request that was read. */
export function authorizationAnswer(redirectUri: string, answer: AuthorizationAnswer): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(answer)) {
    if (value !== undefined) parameters.append(name, value);
  }
  return `${redirectUri}?${parameters.toString()}`;
}

/** The error code of a refusal in an authorization response. */
export function authorizationError({ code, reason }: Refusal): AuthorizationErrorCode {
  if (reason === 'response_type_unsupported') return 'unsupported_response_type';
  if (reason === 'scope_invalid' || reason === 'role_not_allowed') return 'invalid_scope';
  if (code === 'temporarily_unavailable' || code === 'rate_limited') {
    return 'temporarily_unavailable';
  }
  return code === 'invalid_request' ? 'invalid_request' : 'access_denied';
}

function toProgram(
  redirectUri: string,
  iss: string,
  state: string | undefined,
  refusal: Refusal,
): AuthorizationRequest {
  const error = authorizationError(refusal);
  const error_description = quotable(refusal.message);
  const url = authorizationAnswer(redirectUri, { error, error_description, state, iss });
  return { kind: 'redirect', url };
}

/** The redirect URI of a valid request: known client, valid key. */
function parseDestination(form: Form): string | Refusal {
  const client = checkClient(form);
  if (client) return client;
  const redirectUri = parseRedirectUri(form);
  if (redirectUri instanceof Refusal) return redirectUri;
  const nkey = requireNkey(form);
  return nkey instanceof Refusal ? nkey : redirectUri;
}

/** A port on the user's own machine (RFC 8252 §7.3), by address: a name may resolve elsewhere (§8.3). */
function parseRedirectUri(form: Form): string | Refusal {
  const uri = text(form, 'redirect_uri');
  const [, port] =
    /^http:\/\/(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})\/callback$/.exec(uri ?? '') ?? [];
  if (uri !== undefined && port !== undefined && Number(port) <= 65_535) return uri;
  return new Refusal(
    'redirect_uri_invalid',
    'The redirect_uri must be http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback.',
  );
}

function parseState(form: Form): string | Refusal {
  const state = text(form, 'state');
  if (state === undefined) return missing('state');
  return STATE.test(state) ? state : invalid('The state must be 1 to 256 printable characters.');
}

function parseCodeAsk(form: Form, redirectUri: string): CodeAsk | Refusal {
  const refusal = repeated(form) ?? checkResponseType(form);
  if (refusal) return refusal;
  const codeChallenge = parseCodeChallenge(form);
  if (codeChallenge instanceof Refusal) return codeChallenge;
  const ask = parseHandoverAsk(form);
  return ask instanceof Refusal ? ask : { ...ask, redirectUri, codeChallenge };
}

function checkResponseType(form: Form): Refusal | undefined {
  const type = text(form, 'response_type');
  if (type === 'code') return undefined;
  if (type === undefined) return missing('response_type');
  return new Refusal('response_type_unsupported', 'The response_type must be code.');
}

/** S256 must be explicit: the default is `plain` (RFC 7636 §4.3). */
function parseCodeChallenge(form: Form): string | Refusal {
  if (text(form, 'code_challenge_method') !== 'S256') {
    return invalid('The code_challenge_method must be S256.');
  }
  const challenge = text(form, 'code_challenge');
  if (challenge === undefined) return missing('code_challenge');
  if (CODE_CHALLENGE.test(challenge)) return challenge;
  return invalid('The code_challenge must be a base64url-encoded SHA-256 hash: 43 characters.');
}
