import { ClientError } from 'openid-client';
import type { Refusal } from '../../errors.ts';
import { fetchFailureIn } from '../../identity/guarded-fetch.ts';
import type { AuthenticationMethod } from './client-authentication.ts';
import { issuerUnavailable, loginFailed, loginUnknown } from './refusals.ts';
import { isJsonObject } from '../../identity/strict-json.ts';
import { errorCode } from './issuer-text.ts';

/** The client as which we called the token endpoint. */
export interface AskedAs {
  /** Name of the issuer in the configuration. */
  readonly issuerName: string;
  readonly method: AuthenticationMethod;
}

/** What went wrong at the token endpoint or with its answer. None of its text is repeated. */
export function tokenRefusal(fault: unknown, askedAs: AskedAs): Refusal {
  const unreachable = fetchFailureIn(fault);
  if (unreachable !== undefined) return issuerUnavailable(unreachable.message);
  const answered = tokenEndpointErrorIn(fault);
  if (answered !== undefined) return endpointRefusal(answered, askedAs);
  if (fault instanceof ClientError) return loginFailed(describe(fault));
  throw fault;
}

const TOO_MANY_REQUESTS = 429;

function endpointRefusal(answered: TokenEndpointError, askedAs: AskedAs): Refusal {
  const { status, error, message } = answered;
  if (status === TOO_MANY_REQUESTS || UNAVAILABLE.has(error ?? '')) {
    return issuerUnavailable(message);
  }
  // The code was used, expired or forged: neither side is set up wrong (RFC 6749 §5.2).
  if (error === 'invalid_grant') return loginUnknown(message);
  const advice = adviceOn(answered, askedAs);
  return loginFailed(advice === undefined ? message : `${message}: ${advice}`);
}

/** Not defined for the token endpoint in RFC 6749, but some send them. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);

/** What the operator should compare or change. */
function adviceOn({ status, error }: TokenEndpointError, askedAs: AskedAs): string | undefined {
  switch (error) {
    case 'invalid_client':
      return wrongCredentials(askedAs);
    case 'unauthorized_client':
      // Glewlwyd answers this for a wrong secret.
      return `${wrongCredentials(askedAs)}; or this client may not use the authorization code flow there`;
    case undefined:
      return status === 401 ? wrongCredentials(askedAs) : undefined;
    default:
      return undefined;
  }
}

function wrongCredentials({ issuerName, method }: AskedAs): string {
  const login = `issuers.${issuerName}.login`;
  switch (method) {
    case 'none':
      return `it does not know this client ID, or requires authentication: compare ${login}.clientId, or set ${login}.clientSecret or ${login}.privateKey`;
    case 'client_secret_basic':
    case 'client_secret_post':
      return `it does not accept this client ID and secret (sent as ${method}): compare ${login}.clientId and ${login}.clientSecret with the client there`;
    case 'private_key_jwt':
      return `it does not accept this client ID and key (private_key_jwt): compare ${login}.clientId, ${login}.privateKey and ${login}.keyId with the client there`;
  }
}

/** openid-client's message: which check failed, never the checked value. */
function describe({ message, code, cause }: ClientError): string {
  const check = cause instanceof Error && cause.name === 'OperationProcessingError';
  return `${code ?? 'OAUTH'}: ${check ? cause.message : message}`;
}

/** The token endpoint refused. Holds its status and error code, never other text from it. */
class TokenEndpointError extends Error {
  override readonly name = 'TokenEndpointError';
  readonly status: number;
  /** RFC 6749 §5.2; undefined if it sent none. */
  readonly error: string | undefined;

  constructor(status: number, error: string | undefined) {
    const code = error === undefined ? 'without an error code' : errorCode(error);
    super(`the token endpoint answered ${status} ${code}`);
    this.status = status;
    this.error = error;
  }
}

/**
 * Returns the response, or throws an error response as `TokenEndpointError`. openid-client reads the error
 * code only if there is no `WWW-Authenticate` and the type is `application/json`. But RFC 6749 §5.2 requires
 * that header for a 401, and some providers send another type, or an error with status 200.
 */
export async function refuseErrors(response: Response): Promise<Response> {
  const { status } = response;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  const said = isJsonObject(body) ? body['error'] : undefined;
  const error = typeof said === 'string' && said !== '' ? said : undefined;
  if (status < 400 && error === undefined) return response;
  throw new TokenEndpointError(status, error);
}

/** openid-client wraps the errors of its fetch. */
function tokenEndpointErrorIn(fault: unknown): TokenEndpointError | undefined {
  if (fault instanceof TokenEndpointError) return fault;
  return fault instanceof Error ? tokenEndpointErrorIn(fault.cause) : undefined;
}
