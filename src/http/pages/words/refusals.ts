import type { Refusal, RefusalReason } from '../../../errors.ts';

/** A link to continue. */
interface WayOn {
  /** A path of this service. */
  readonly path: string;
  readonly text: string;
}

export interface RefusalWords {
  readonly title: string;
  readonly text: string;
  readonly wayOn: WayOn;
}

const HOME: WayOn = { path: '/', text: 'Go to the start page' };
export const SIGN_IN: WayOn = { path: '/login', text: 'Sign in again' };
const DEVICE: WayOn = { path: '/device', text: 'Enter a code' };

/** For a form sent without a session. */
export const NOT_SIGNED_IN: Partial<RefusalWords> = {
  title: 'You are not signed in',
  text: 'Your session ended, or you never signed in with this browser. Nothing was changed. Sign in to continue.',
  wayOn: { ...SIGN_IN, text: 'Sign in' },
};

/** For an answer that is malformed, so that it belongs to no sign-in. */
export const INCOMPLETE_ANSWER: Partial<RefusalWords> = {
  title: 'Your provider sent an incomplete answer',
  text: 'The answer is missing a parameter, repeats one, or came to the wrong address. Sign in again. If this happens again, tell your administrator.',
};

/** What users read about a refusal. The default is its own message. */
const WORDS: { readonly [Reason in RefusalReason]?: Partial<RefusalWords> } = {
  session_missing: {
    title: 'Your session has ended',
    text: 'Nothing was changed. Sign in again to continue.',
    wayOn: SIGN_IN,
  },
  token_revoked: {
    title: 'Sign in again',
    text: 'An administrator revoked your access after you signed in. Signing in again may restore it.',
    wayOn: SIGN_IN,
  },
  blocked: {
    title: 'Your access is blocked',
    text: 'An administrator blocked your access to NATS. Only an administrator can restore it.',
  },
  login_unknown: {
    title: 'This sign-in cannot be completed',
    text: 'It took too long, was already used, or started in another browser. Sign in again.',
    wayOn: SIGN_IN,
  },
  login_issuer_mismatch: {
    title: 'This sign-in was stopped',
    text: 'The answer came from a different provider than the one you chose. Sign in again. If this happens again, tell your administrator.',
    wayOn: SIGN_IN,
  },
  login_refused: {
    title: 'Your provider did not sign you in',
    text: 'You canceled, or your provider does not allow you to sign in here.',
    wayOn: SIGN_IN,
  },
  login_failed: {
    title: 'Sign-in failed',
    text: 'The sign-in between this service and your provider is misconfigured. Tell your administrator: signing in again will fail until that is fixed.',
  },
  login_not_configured: {
    title: 'Sign-in is not available',
    text: 'This sign-in is not configured. Programs exchange their tokens without it.',
  },
  issuer_unavailable: {
    title: 'Your provider is not responding',
    text: 'This service cannot reach your provider right now. The problem is not on your side.',
    wayOn: SIGN_IN,
  },
  session_too_large: { title: 'Your session is too large' },
  cross_site: { title: 'This form came from another site' },
  client_unknown: {
    title: 'Unknown program',
    text: 'Only the nats-sts command line can request a credential this way. No credential was issued.',
  },
  redirect_uri_invalid: {
    title: 'This request is not safe',
    text: 'The answer would not go to a program on your own computer: redirect_uri must be exactly http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback. No credential was issued.',
  },
  handover_refused: { title: 'This request was already refused' },
  user_code_unknown: {
    title: 'Unknown code',
    text: 'It was mistyped, was already used, or is more than ten minutes old. Compare it with the code on your device.',
    wayOn: DEVICE,
  },
  device_code_expired: {
    title: 'This code has expired',
    text: 'Codes are valid for ten minutes. Start again on your device to get a new one.',
    wayOn: DEVICE,
  },
  no_binding: {
    title: 'You have no access',
    text: 'No rule grants access for the claims that your provider sends about you. The start page shows which claims did not match.',
  },
  role_not_allowed: {
    title: 'You cannot take this role',
    text: 'Choose one of your roles on the start page. No credential was issued.',
  },
  too_many_requests: { title: 'Too many requests' },
  not_found: { title: 'Page not found', text: 'This address does not exist.' },
  not_admin: { title: 'Administrators only' },
  admin_not_configured: { title: 'Administrators only' },
};

export function refusalWords({ reason, code, message }: Refusal): RefusalWords {
  return { title: TITLES[code], text: message, wayOn: HOME, ...WORDS[reason] };
}

const TITLES = {
  invalid_request: 'Invalid request',
  invalid_token: 'You are not signed in',
  access_denied: 'Access denied',
  not_found: 'Not found',
  method_not_allowed: 'Not supported here',
  payload_too_large: 'Request too large',
  unsupported_media_type: 'Unsupported format',
  rate_limited: 'Too many requests',
  temporarily_unavailable: 'Temporarily unavailable',
} as const satisfies Record<Refusal['code'], string>;
