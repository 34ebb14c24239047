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

/** The one public client that the service knows. */
export const CLIENT_ID = 'nats-sts';

/** What is asked for, apart from how. */
export interface Ask {
  /** The user's public key; its seed stays here. */
  readonly nkey: string;
  readonly role?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

/** Whoever proves with the verifier that the code is theirs (RFC 7636 §4.5). */
interface CodeProof {
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

/** The routes of one service that people sign in at. All throw CliError: it could not be asked, or answered strangely. */
export interface SignInService {
  readonly url: URL;
  /** Throws unless people can sign in there, and it is who it says it is. */
  check(): Promise<void>;
  redeemCode(proof: CodeProof): Promise<HandedOver | OAuthRefusal>;
  beginDevice(ask: Ask & { readonly program: string }): Promise<DeviceAnswer | OAuthRefusal>;
  redeemDevice(deviceCode: string): Promise<HandedOver | OAuthRefusal>;
  /** With a credential the refresh token is spent, and another comes; a refusal other than `invalid_grant` leaves it good. */
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

/** As parameters of a request. */
export function asked({ nkey, role, ttlSeconds }: Ask) {
  return { nkey, scope: role, ttl: ttlSeconds?.toString() };
}

/**
 * A service that gives itself out for another could have a person agree there, and be handed the
 * code (RFC 9700 §4.4, mix-up): the issuer must be the URL that was asked (RFC 8414 §3.3).
 */
async function check(url: URL): Promise<void> {
  const document = new URL('.well-known/oauth-authorization-server', url);
  const { issuer, authorization_endpoint } = await getDocument(document, METADATA);
  if (!isSameService(url, issuer)) {
    throw new CliError(
      ExitCode.failed,
      `the service at ${url.href} calls itself ${shown(issuer)}: if that is the one you mean, give it with --url`,
    );
  }
  if (authorization_endpoint === undefined) {
    throw new CliError(
      ExitCode.failed,
      `nobody can sign in at ${url.href}: no issuer in its configuration has \`login\``,
    );
  }
}

/** Whether `text` is the URL of this service, with a slash at its end or without. */
export function isSameService(url: URL, text: string): boolean {
  try {
    return baseUrl(text).href === url.href;
  } catch {
    return false;
  }
}

/** What the page shows as asking, so that the person recognises their own terminal. */
export function programName(): string {
  return `nats-sts login on ${hostname()}`.slice(0, 100);
}

/** Ends a session at the service (RFC 7009). Undefined, or why it goes on there: a stranger's words. */
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
