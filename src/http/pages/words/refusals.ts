import type { Refusal, RefusalReason } from '../../../errors.ts';

/** A link that leads on. */
interface WayOn {
  /** A path of ours. */
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

/** A form that came without any session: nothing that could have ended. */
export const NOT_SIGNED_IN: Partial<RefusalWords> = {
  title: 'You are not signed in',
  text: 'Your session in this browser is over, or there was none. Nothing was done; sign in to go on.',
  wayOn: { ...SIGN_IN, text: 'Sign in' },
};

/** An answer that belongs to no sign-in because of its own form. */
export const INCOMPLETE_ANSWER: Partial<RefusalWords> = {
  title: 'The answer of your provider is not complete',
  text: 'It lacks something, says something twice, or came to an address that nobody comes back to. Begin anew; if it happens again, tell your administrator.',
};

/** What people read of a refusal. Where nothing is written here, its own message does. */
const WORDS: { readonly [Reason in RefusalReason]?: Partial<RefusalWords> } = {
  session_missing: {
    title: 'Your session has ended',
    text: 'Nothing was done. Sign in again to go on.',
    wayOn: SIGN_IN,
  },
  token_revoked: {
    title: 'Sign in again',
    text: 'Your access was reset by an administrator after you signed in. A new sign-in may help.',
    wayOn: SIGN_IN,
  },
  blocked: {
    title: 'Your access is blocked',
    text: 'An administrator has blocked your access to NATS. Nothing you can do here changes that.',
  },
  login_unknown: {
    title: 'This sign-in can not be finished',
    text: 'It took too long, was used before, or was begun in another browser. Begin anew; that is all.',
    wayOn: SIGN_IN,
  },
  login_issuer_mismatch: {
    title: 'This sign-in was stopped',
    text: 'The answer came from another provider than the one you chose. Begin anew; if it happens again, tell your administrator.',
    wayOn: SIGN_IN,
  },
  login_refused: {
    title: 'Your provider did not sign you in',
    text: 'You cancelled, or your provider does not let you in here.',
    wayOn: SIGN_IN,
  },
  login_failed: {
    title: 'The sign-in did not work',
    text: 'This service and your provider do not work together as they are set up. Only an administrator can fix that: signing in again fails the same way until then.',
  },
  login_not_configured: {
    title: 'There is no such sign-in',
    text: 'Nobody can sign in here this way. Programs exchange their tokens without it.',
  },
  issuer_unavailable: {
    title: 'Your provider does not answer',
    text: 'Its sign-in can not be reached right now. Nothing is wrong on your side.',
    wayOn: SIGN_IN,
  },
  session_too_large: { title: 'This login is too large' },
  cross_site: { title: 'This form came from elsewhere' },
  client_unknown: {
    title: 'An unknown program asks',
    text: 'Only the nats-sts command line may ask for a credential this way. Nothing was handed over.',
  },
  redirect_uri_invalid: {
    title: 'This request is not safe',
    text: 'The answer would not go to a program on your own computer: the redirect_uri must be exactly http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback. Nothing was handed over.',
  },
  handover_refused: { title: 'It was refused before' },
  user_code_unknown: {
    title: 'This code is not known',
    text: 'It was mistyped, was used before, or is older than ten minutes. Compare it with the one on your device.',
    wayOn: DEVICE,
  },
  device_code_expired: {
    title: 'This code has expired',
    text: 'Codes are good for ten minutes. Start again on your device to get a new one.',
    wayOn: DEVICE,
  },
  no_binding: {
    title: 'You have no access',
    text: 'No access is set up for what your provider says about you. The start page says what did not fit.',
  },
  role_not_allowed: {
    title: 'You may not take this role',
    text: 'Choose one of those that you may take; the start page has them. Nothing was handed over.',
  },
  too_many_requests: { title: 'Too many requests' },
  not_found: { title: 'There is nothing here', text: 'The address leads nowhere.' },
  not_admin: { title: 'This is for administrators' },
  admin_not_configured: { title: 'This is for administrators' },
};

export function refusalWords({ reason, code, message }: Refusal): RefusalWords {
  return { title: TITLES[code], text: message, wayOn: HOME, ...WORDS[reason] };
}

const TITLES = {
  invalid_request: 'This request can not be used',
  invalid_token: 'You are not signed in',
  access_denied: 'You may not do this',
  not_found: 'There is nothing here',
  method_not_allowed: 'This does not work here',
  payload_too_large: 'This is too large',
  unsupported_media_type: 'This can not be read',
  rate_limited: 'Too many requests',
  temporarily_unavailable: 'Not possible right now',
} as const satisfies Record<Refusal['code'], string>;
