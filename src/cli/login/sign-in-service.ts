import { hostname } from 'node:os';
import { CliError, ExitCode } from '../exit-codes.ts';
import { baseUrl } from '../url-option.ts';
import {
  ANYTHING,
  DEVICE,
  type DeviceAnswer,
  HANDED_OVER,
  type HandedOver,
  INTROSPECTION,
  type Introspection,
  METADATA,
} from './oauth-answers.ts';
import { getDocument, OAuthRefusal, postForm, shown } from './oauth-call.ts';
import type { StoredSession } from './stored-service.ts';

/** The only public client that the service knows. */
export const CLIENT_ID = 'nats-sts';

/** What to request, independent of how. */
export interface Ask {
  /** The user's public key; the seed stays here. */
  readonly nkey: string;
  readonly role?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

/** An authorization code, and the verifier that proves it is ours (RFC 7636 §4.5). */
interface CodeProof {
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

/** The sign-in routes of one service. All throw CliError if it cannot be reached, or the answer is not valid. */
export interface SignInService {
  readonly url: URL;
  /** Throws unless the service has a login and its issuer is its URL. */
  check(): Promise<void>;
  redeemCode(proof: CodeProof): Promise<HandedOver | OAuthRefusal>;
  beginDevice(ask: Ask & { readonly program: string }): Promise<DeviceAnswer | OAuthRefusal>;
  redeemDevice(deviceCode: string): Promise<HandedOver | OAuthRefusal>;
  /** On success the refresh token is used up, and the answer has the next one. After any refusal but `invalid_grant` it stays valid. */
  refresh(refreshToken: string, ask: Ask): Promise<HandedOver | OAuthRefusal>;
  introspect(refreshToken: string): Promise<Introspection | OAuthRefusal>;
  revoke(refreshToken: string): Promise<unknown>;
}

export function signInService(url: URL): SignInService {
  const at = (path: string): URL => new URL(path, url);
  const token = (form: Readonly<Record<string, string | undefined>>) =>
    postForm(at('token'), { ...form, client_id: CLIENT_ID }, HANDED_OVER);
  return {
    url,
    check: () => check(url),
    redeemCode: ({ code, redirectUri, codeVerifier }) =>
      token({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
      }),
    beginDevice: ({ program, ...ask }) =>
      postForm(
        at('device_authorization'),
        { client_id: CLIENT_ID, program, ...asked(ask) },
        DEVICE,
      ),
    redeemDevice: (deviceCode) =>
      token({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: deviceCode,
      }),
    refresh: (refreshToken, ask) =>
      token({ grant_type: 'refresh_token', refresh_token: refreshToken, ...asked(ask) }),
    introspect: (refreshToken) =>
      postForm(at('introspect'), { token: refreshToken, client_id: CLIENT_ID }, INTROSPECTION),
    revoke: (refreshToken) =>
      postForm(at('revoke'), { token: refreshToken, client_id: CLIENT_ID }, ANYTHING),
  };
}

/** As request parameters. */
export function asked({ nkey, role, ttlSeconds }: Ask) {
  return { nkey, scope: role, ttl: ttlSeconds?.toString() };
}

/**
 * A service that poses as another could have the person sign in there and receive the code (RFC 9700
 * §4.4, mix-up). So the issuer must be the URL that we asked (RFC 8414 §3.3).
 */
async function check(url: URL): Promise<void> {
  const document = new URL('.well-known/oauth-authorization-server', url);
  const { issuer, authorization_endpoint } = await getDocument(document, METADATA);
  if (!isSameService(url, issuer)) {
    throw new CliError(
      ExitCode.failed,
      `the service at ${url.href} says that its URL is ${shown(issuer)}; if you trust that URL, give it with --url`,
    );
  }
  if (authorization_endpoint === undefined) {
    throw new CliError(
      ExitCode.failed,
      `you cannot sign in at ${url.href}: no issuer in its configuration has \`login\``,
    );
  }
}

/** Whether `text` is the URL of this service, with or without a trailing slash. */
export function isSameService(url: URL, text: string): boolean {
  try {
    return baseUrl(text).href === url.href;
  } catch {
    return false;
  }
}

/** What the page shows as the requesting program, so that the person recognizes their terminal. */
export function programName(): string {
  return `nats-sts login on ${hostname()}`.slice(0, 100);
}

/** Ends a session at the service (RFC 7009). Returns why that failed, as untrusted text, or undefined. */
export async function endSession(
  service: SignInService,
  { refreshToken }: StoredSession,
): Promise<string | undefined> {
  try {
    const answer = await service.revoke(refreshToken);
    return answer instanceof OAuthRefusal ? answer.message : undefined;
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}
