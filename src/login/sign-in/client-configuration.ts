import {
  allowInsecureRequests,
  Configuration,
  customFetch,
  type ServerMetadata,
} from 'openid-client';
import {
  allowedUrl,
  FetchFailed,
  type GuardedFetchOptions,
  guardedFetch,
  guardedRequest,
} from '../../identity/guarded-fetch.ts';
import { discover } from '../../identity/keys/published-keys.ts';
import { clientAuthentication } from './client-authentication.ts';
import type { LoginSpec } from '../login-spec.ts';
import { refuseErrors } from './token-errors.ts';

export interface ClientParts {
  readonly spec: LoginSpec;
  /** For tests; see `GuardedFetchOptions`. */
  readonly fetch?: GuardedFetchOptions['fetch'];
  readonly timeoutMilliseconds?: number;
}

/** Us as a client of an issuer, by what the issuer says of itself now. Rejects with `FetchFailed`. */
export async function configureClient(
  parts: ClientParts,
  signal: AbortSignal,
): Promise<Configuration> {
  const { spec, fetch, timeoutMilliseconds } = parts;
  const { allowInsecureHttp } = spec.idToken;
  const options = {
    allowInsecureHttp,
    fetch,
    ...(timeoutMilliseconds !== undefined && { timeoutMilliseconds }),
  };
  const metadata = await discover(spec.issuer, guardedFetch(options), signal);
  checkEndpoints(metadata, allowInsecureHttp);
  const authentication = clientAuthentication(spec.authentication, metadata);
  const configuration = new Configuration(metadata, spec.clientId, undefined, authentication);
  // Whether plain http is allowed is for the guarded request to say, in one place.
  allowInsecureRequests(configuration);
  const request = guardedRequest(options);
  // Only the token endpoint is asked this way.
  configuration[customFetch] = async (url, init) =>
    refuseErrors(await request(url, init as RequestInit));
  return configuration;
}

/** Browsers are sent to two of them, so they go by the same rules as those that we ask. Throws `FetchFailed`. */
function checkEndpoints(metadata: ServerMetadata, allowInsecureHttp: boolean): void {
  const { authorization_endpoint, token_endpoint, end_session_endpoint } = metadata;
  for (const endpoint of [authorization_endpoint, token_endpoint, end_session_endpoint ?? null]) {
    if (endpoint === null) continue;
    if (typeof endpoint !== 'string') {
      throw new FetchFailed('the discovery document lacks an endpoint');
    }
    allowedUrl(endpoint, allowInsecureHttp);
  }
}
