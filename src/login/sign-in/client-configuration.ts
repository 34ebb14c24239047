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

/** Our client configuration for an issuer, from its current discovery document. Rejects with `FetchFailed`. */
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
  // The guarded request alone decides whether plain http is allowed.
  allowInsecureRequests(configuration);
  const request = guardedRequest(options);
  // openid-client uses this only for the token endpoint.
  configuration[customFetch] = async (url, init) =>
    refuseErrors(await request(url, init as RequestInit));
  return configuration;
}

/** Browsers go to two of them, so the same rules apply as for the endpoints that we call. Throws `FetchFailed`. */
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
