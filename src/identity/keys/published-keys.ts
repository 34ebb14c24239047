import {
  allowInsecureRequests,
  customFetch,
  discovery,
  None,
  type ServerMetadata,
} from 'openid-client';
import { FetchFailed, fetchFailureIn, type GuardedFetch } from '../guarded-fetch.ts';
import type { KeySource } from '../issuer.ts';
import type { JsonObject } from '../strict-json.ts';

/** A JWK set as its issuer publishes it; the keys are still unread. */
export interface PublishedKeys {
  readonly keys: readonly unknown[];
  readonly maxAgeSeconds: number | undefined;
}

/** Where the published keys of an issuer are fetched from; static key sets have no such place. */
export type PublishedSource = Exclude<KeySource, { kind: 'static' }>;

/** Gets an issuer's key set. Rejects with `FetchFailed`. */
export async function fetchPublishedKeys(
  source: PublishedSource,
  fetch: GuardedFetch,
  signal?: AbortSignal,
): Promise<PublishedKeys> {
  const url =
    source.kind === 'url' ? source.url : await discoverKeysUrl(source.issuer, fetch, signal);
  const { body, maxAgeSeconds } = await fetch(url, signal);
  const { keys } = body;
  if (!Array.isArray(keys)) throw new FetchFailed('the key set has no list of keys');
  return { keys, maxAgeSeconds };
}

/** `jwks_uri` of the issuer's metadata (OIDC Discovery §3, §4). */
async function discoverKeysUrl(
  issuer: string,
  fetch: GuardedFetch,
  signal?: AbortSignal,
): Promise<string> {
  const { jwks_uri } = await discover(issuer, fetch, signal);
  if (jwks_uri === undefined) {
    throw new FetchFailed('the discovery document names no "jwks_uri"');
  }
  return jwks_uri;
}

/** What an issuer says of itself (OIDC Discovery §4). Rejects with `FetchFailed`. */
export async function discover(
  issuer: string,
  fetch: GuardedFetch,
  signal?: AbortSignal,
): Promise<ServerMetadata> {
  try {
    const configuration = await discovery(new URL(issuer), 'nats-sts', undefined, None(), {
      // Whether plain http is allowed is for `guardedFetch` to say, in one place.
      execute: [allowInsecureRequests],
      [customFetch]: async (url) => {
        const { body } = await fetch(url, signal);
        refuseOtherIssuer(body, issuer);
        return Response.json(withoutUnset(body));
      },
    });
    return configuration.serverMetadata();
  } catch (cause) {
    throw (
      fetchFailureIn(cause) ?? new FetchFailed('the discovery document is not valid', { cause })
    );
  }
}

/** Members that are not set are left out (OIDC Discovery §4.2); some issuers write null or an empty string. */
function withoutUnset(metadata: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== null && value !== ''),
  );
}

/**
 * OIDC Discovery §4.3. openid-client compares parsed URLs, and for some providers nothing at all;
 * a token's `iss` is compared byte for byte, so the document's is too.
 */
function refuseOtherIssuer(metadata: JsonObject, issuer: string): void {
  if (metadata['issuer'] === issuer) return;
  throw new FetchFailed(
    'the discovery document belongs to an issuer other than the configured one',
  );
}
