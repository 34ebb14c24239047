import { isJsonObject } from '../../identity/strict-json.ts';
import { errorCode } from './issuer-text.ts';

/** The token endpoint said no. Holds its status and its error code, never another text of it. */
export class TokenEndpointError extends Error {
  override readonly name = 'TokenEndpointError';
  readonly status: number;
  /** RFC 6749 §5.2; undefined where it sent none. */
  readonly error: string | undefined;

  constructor(status: number, error: string | undefined) {
    const code = error === undefined ? 'without an error code' : errorCode(error);
    super(`the token endpoint answered ${status} ${code}`);
    this.status = status;
    this.error = error;
  }
}

/**
 * The answer, unless it is an error: that is thrown as `TokenEndpointError`. openid-client looks for
 * a code only where there is no `WWW-Authenticate` and the type is `application/json`; RFC 6749 §5.2
 * demands that header of a 401, and some providers send another type, or an error with status 200.
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

/** openid-client wraps what its fetch throws. */
export function tokenEndpointErrorIn(fault: unknown): TokenEndpointError | undefined {
  if (fault instanceof TokenEndpointError) return fault;
  return fault instanceof Error ? tokenEndpointErrorIn(fault.cause) : undefined;
}
