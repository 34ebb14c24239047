import { Refusal } from '../../errors.ts';

export const LOGIN_NOT_CONFIGURED = new Refusal(
  'login_not_configured',
  'People can not sign in at this identity provider here.',
);

export function loginUnknown(detail: string): Refusal {
  return new Refusal(
    'login_unknown',
    'This sign-in is not known here: it was finished before, took longer than 10 minutes, or began in another browser. Begin again.',
    { detail },
  );
}

export function issuerMismatch(detail: string): Refusal {
  return new Refusal(
    'login_issuer_mismatch',
    'The answer is not from the identity provider that was asked. Begin again, and tell the administrators if this happens once more.',
    { detail },
  );
}

export function loginRefused(detail: string): Refusal {
  return new Refusal('login_refused', 'The identity provider did not sign you in.', { detail });
}

export function loginFailed(detail: string): Refusal {
  return new Refusal(
    'login_failed',
    'The identity provider and this service do not work together as they are set up. Administrators find the reason in the log.',
    { detail },
  );
}

export function issuerUnavailable(detail: string): Refusal {
  return new Refusal('issuer_unavailable', 'The identity provider does not answer right now.', {
    detail,
    retryAfterSeconds: 5,
  });
}

export function sessionTooLarge(detail: string): Refusal {
  return new Refusal(
    'session_too_large',
    'The identity provider says more of you than can be kept here, most likely because of very many groups.',
    { detail },
  );
}
