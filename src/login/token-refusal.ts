import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import type { Refusal } from '../errors.ts';
import { fetchFailureIn } from '../identity/guarded-fetch.ts';
import { errorCode } from './issuer-said.ts';
import { issuerUnavailable, loginFailed, loginUnknown } from './refusals.ts';

/** What went wrong at the token endpoint, or with what it answered. None of its text is repeated. */
export function tokenRefusal(fault: unknown): Refusal {
  const unreachable = fetchFailureIn(fault);
  if (unreachable !== undefined) return issuerUnavailable(unreachable.message);
  if (fault instanceof ResponseBodyError) {
    const said = `the token endpoint answered ${fault.status} ${errorCode(fault.error)}`;
    if (fault.status === TOO_MANY_REQUESTS) return issuerUnavailable(said);
    // A code that is used, over or made up is no fault of ours or theirs (RFC 6749 §5.2).
    return fault.error === 'invalid_grant' ? loginUnknown(said) : loginFailed(said);
  }
  if (fault instanceof WWWAuthenticateChallengeError) {
    return loginFailed(`the token endpoint answered ${fault.status}`);
  }
  if (fault instanceof ClientError) return loginFailed(describe(fault));
  throw fault;
}

const TOO_MANY_REQUESTS = 429;

/** openid-client's own words: which check failed, never what was checked. */
function describe({ message, code, cause }: ClientError): string {
  const check = cause instanceof Error && cause.name === 'OperationProcessingError';
  return `${code ?? 'OAUTH'}: ${check ? cause.message : message}`;
}
