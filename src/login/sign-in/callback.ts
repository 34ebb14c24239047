import type { ServerMetadata } from 'openid-client';
import type { Refusal } from '../../errors.ts';
import { show } from '../../identity/show.ts';
import { errorCode } from './issuer-text.ts';
import type { LoginSpec } from '../login-spec.ts';
import { issuerMismatch, issuerUnavailable, loginFailed, loginRefused } from './refusals.ts';

/** The issuer's answer through the browser (RFC 6749 §4.1.2, RFC 9207). Anyone can forge it. */
export interface Callback {
  /** The path of the request, as received. */
  readonly path: string;
  readonly state: string;
  readonly code: string | undefined;
  readonly iss: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
}

/** Undefined if there is no `state`, or if a parameter is repeated (RFC 6749 §3.1). */
export function readCallback(url: string): Callback | undefined {
  const start = url.indexOf('?');
  const parameters = new URLSearchParams(start === -1 ? '' : url.slice(start));
  const names = ['state', 'code', 'iss', 'error', 'error_description'];
  if (names.some((name) => parameters.getAll(name).length > 1)) return undefined;
  const read = (name: string) => parameters.get(name) ?? undefined;
  const state = read('state');
  if (state === undefined || state === '') return undefined;
  return {
    path: start === -1 ? url : url.slice(0, start),
    state,
    code: read('code'),
    iss: read('iss'),
    error: read('error'),
    errorDescription: read('error_description'),
  };
}

/**
 * A malicious issuer can redirect people to another issuer with the same state. The other issuer's answer
 * then arrives at that issuer's path, and its code must not go to the first (RFC 9700 §4.4.2.2).
 */
export function cameElsewhere(
  { path }: Callback,
  { issuerName, redirectPath }: LoginSpec,
): Refusal | undefined {
  if (path === redirectPath) return undefined;
  return issuerMismatch(
    `the answer came to ${show(path)}, but answers of ${issuerName} come to ${redirectPath}`,
  );
}

/** Why the answer must not be sent to the token endpoint; undefined if it may. */
export function checkCallback(
  { iss, error, code }: Callback,
  metadata: ServerMetadata,
): Refusal | undefined {
  // First of all: even an error must come from the issuer that we asked (RFC 9207 §2.4).
  const { issuer, authorization_response_iss_parameter_supported: promised } = metadata;
  if (iss !== undefined && iss !== issuer) {
    return issuerMismatch(`the answer is from ${show(iss)}, but the request went to ${issuer}`);
  }
  if (iss === undefined && promised === true) {
    return issuerMismatch(`the answer has no iss, although ${issuer} promises one`);
  }
  if (error !== undefined) return answeredError(errorCode(error));
  if (code === undefined) return loginFailed('the answer has neither a code nor an error');
  return undefined;
}

function answeredError(code: string): Refusal {
  const detail = `the authorization endpoint answered ${code}`;
  if (UNAVAILABLE.has(code)) return issuerUnavailable(detail);
  return OUR_FAULT.has(code) ? loginFailed(detail) : loginRefused(detail);
}

/** RFC 6749 §4.1.2.1. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);

/** RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6: what the operator must fix, here or at the issuer. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'request_not_supported',
  'request_uri_not_supported',
  'registration_not_supported',
]);
