import { Refusal } from '../../errors.ts';

export const LOGIN_NOT_CONFIGURED = new Refusal(
  'login_not_configured',
  'You cannot sign in with this identity provider here.',
);

export function loginUnknown(detail: string): Refusal {
  return new Refusal(
    'login_unknown',
    'This sign-in is unknown: it already finished, took longer than 10 minutes, or began in another browser. Sign in again.',
    { detail },
  );
}

export function issuerMismatch(detail: string): Refusal {
  return new Refusal(
    'login_issuer_mismatch',
    'The answer did not come from the identity provider that you were sent to. Sign in again, and tell your administrators if this happens again.',
    { detail },
  );
}

export function loginRefused(detail: string): Refusal {
  return new Refusal('login_refused', 'The identity provider did not sign you in.', { detail });
}

export function loginFailed(detail: string): Refusal {
  return new Refusal(
    'login_failed',
    'The identity provider and this service are not set up to work together. Administrators can find the reason in the log.',
    { detail },
  );
}

export function issuerUnavailable(detail: string): Refusal {
  return new Refusal(
    'issuer_unavailable',
    'The identity provider is not answering. Try again soon.',
    {
      detail,
      retryAfterSeconds: 5,
    },
  );
}

export function sessionTooLarge(detail: string): Refusal {
  return new Refusal(
    'session_too_large',
    'The identity provider sends more about you than this service can store, most likely because you are in very many groups.',
    { detail },
  );
}
