import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  type Configuration,
} from 'openid-client';
import type { Clock } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import { FetchFailed } from '../../identity/guarded-fetch.ts';
import type { Attempt } from './attempt.ts';
import { type Callback, checkCallback } from './callback.ts';
import { authenticationMethod } from './client-authentication.ts';
import { type ClientParts, configureClient } from './client-configuration.ts';
import { keptFresh } from './kept-fresh.ts';
import { type LoginSpec, redirectUri } from '../login-spec.ts';
import { issuerUnavailable, loginFailed } from './refusals.ts';
import { tokenRefusal } from './token-errors.ts';

/** nats-sts as a client of one issuer (OIDC Core §3.1). */
export interface RelyingParty {
  readonly spec: LoginSpec;
  /** Where to send the browser to sign in. */
  authorizationUrl(attempt: Attempt): Promise<URL | Refusal>;
  /** Redeems the issuer's answer for an ID token: from this issuer, for us, for this attempt. Its signature is not verified yet. */
  redeem(callback: Callback, attempt: Attempt): Promise<string | Refusal>;
  /** Where to end the issuer's own session (OIDC RP-Initiated Logout §2); undefined if the issuer does not support that, or cannot be reached. */
  endSessionUrl(idToken: string): Promise<URL | undefined>;
  /** Aborts requests in progress. */
  close(): void;
}

export interface RelyingPartyParts extends ClientParts {
  readonly publicUrl: () => string;
  readonly clock: Clock;
}

/** Some proxies and servers reject longer URLs, so a longer one omits the ID token. */
const MAX_URL_CHARACTERS = 6_000;

export function createRelyingParty(parts: RelyingPartyParts): RelyingParty {
  const { spec, publicUrl } = parts;
  const configurations = keptFresh({ ...parts, fetch: (signal) => configureClient(parts, signal) });
  const backTo = () => redirectUri(publicUrl(), spec);

  /** Runs `work` with the issuer's metadata, or refuses if it cannot be fetched. */
  async function withConfiguration<T>(
    work: (configuration: Configuration) => Promise<T>,
  ): Promise<T | Refusal> {
    const configuration = await configurations.get().catch((fault: unknown) => {
      if (fault instanceof FetchFailed) return issuerUnavailable(fault.message);
      throw fault;
    });
    return configuration instanceof Refusal ? configuration : work(configuration);
  }

  return {
    spec,
    authorizationUrl: (attempt) =>
      withConfiguration((configuration) =>
        authorizationUrl(configuration, attempt, spec.scopes, backTo()),
      ),
    redeem: (callback, attempt) =>
      withConfiguration(
        async (configuration) =>
          checkCallback(callback, configuration.serverMetadata()) ??
          redeem({ configuration, spec, callback, attempt, backTo: backTo() }),
      ),
    async endSessionUrl(idToken) {
      const url = await withConfiguration(async (configuration) =>
        endSessionUrl(configuration, idToken, `${publicUrl()}/`),
      );
      return url instanceof Refusal ? undefined : url;
    },
    close: () => configurations.close(),
  };
}

async function authorizationUrl(
  configuration: Configuration,
  { state, nonce, codeVerifier }: Attempt,
  scopes: readonly string[],
  backTo: string,
): Promise<URL> {
  return buildAuthorizationUrl(configuration, {
    redirect_uri: backTo,
    scope: scopes.join(' '),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  });
}

/** OIDC Core §3.1.3: exchanges the code for an ID token and checks its `iss`, `aud`, `nonce` and `exp`. */
async function redeem({
  configuration,
  spec: { issuerName, authentication },
  callback: { code, iss, state },
  attempt,
  backTo,
}: {
  readonly configuration: Configuration;
  readonly spec: LoginSpec;
  readonly callback: Callback;
  readonly attempt: Attempt;
  readonly backTo: string;
}): Promise<string | Refusal> {
  // Pass on only known parameters, with the registered redirect URI.
  const answer = new URL(backTo);
  for (const [name, value] of Object.entries({ code, iss, state })) {
    if (value !== undefined) answer.searchParams.set(name, value);
  }
  try {
    const { id_token: idToken } = await authorizationCodeGrant(configuration, answer, {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    return idToken ?? loginFailed('the token endpoint answered without an ID token');
  } catch (fault) {
    const method = authenticationMethod(authentication, configuration.serverMetadata());
    return tokenRefusal(fault, { issuerName, method });
  }
}

function endSessionUrl(
  configuration: Configuration,
  idToken: string,
  backTo: string,
): URL | undefined {
  if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
  const build = (hint: Readonly<Record<string, string>>) =>
    buildEndSessionUrl(configuration, { ...hint, post_logout_redirect_uri: backTo });
  const url = build({ id_token_hint: idToken });
  return url.href.length > MAX_URL_CHARACTERS ? build({}) : url;
}
