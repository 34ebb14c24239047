import { Refusal } from '../../errors.ts';

export const LOGIN_NOT_CONFIGURED = new Refusal(
  'login_not_configured',
  'You cannot sign in with this provider here. Choose another on the start page.',
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
    'The answer did not come from the provider that you were sent to. Sign in again. If this happens again, tell your administrator.',
    { detail },
  );
}

export function loginRefused(detail: string): Refusal {
  return new Refusal('login_refused', 'Your provider did not sign you in.', { detail });
}

export function loginFailed(detail: string): Refusal {
  return new Refusal(
    'login_failed',
    'The sign-in between this service and your provider is misconfigured. Tell your administrator: the log has the reason.',
    { detail },
  );
}

export function issuerUnavailable(detail: string): Refusal {
  return new Refusal('issuer_unavailable', 'Your provider is not responding. Try again soon.', {
    detail,
    retryAfterSeconds: 5,
  });
}

export function sessionTooLarge(detail: string): Refusal {
  return new Refusal(
    'session_too_large',
    'Your provider sends more about you than this service can store, probably because you are in very many groups. Ask your administrator to request fewer claims.',
    { detail },
  );
}
