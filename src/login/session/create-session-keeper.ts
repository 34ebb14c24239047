import { type Clock, unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Revocations } from '../../revocation/revocations.ts';
import { StoreUnavailable } from '../../store/shared-state.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { LoginSpec } from '../login-spec.ts';
import { packSession, unpackSession } from './sealed-session.ts';
import type { TextSealer } from '../text-sealer.ts';
import type { Session, SessionKeeper } from '../session.ts';

/** The most that the cookies of one session can hold: four of 3,800 characters each. */
export const MAX_SESSION_CHARACTERS = 4 * 3_800;

export interface SessionKeeperParts {
  readonly sealer: TextSealer;
  readonly ended: Pick<EndedSessions, 'isEnded' | 'end'>;
  readonly revocations: Pick<Revocations, 'refusal'>;
  /** The configured login of an issuer, if there is one. */
  readonly login: (issuerName: string) => LoginInForce | undefined;
  readonly clock: Clock;
}

/** The part of a login's configuration that limits its sessions. */
export type LoginInForce = Pick<LoginSpec, 'clientId' | 'sessionSeconds'> & {
  readonly idToken: Pick<LoginSpec['idToken'], 'issuers'>;
};

export function createSessionKeeper(parts: SessionKeeperParts): SessionKeeper {
  const { sealer, ended } = parts;
  return {
    seal: (session) => sealer.seal('session', packSession(session), session.endsAt),
    async open(sealed) {
      const session = unpackSession(await sealer.open('session', sealed));
      if (session === undefined) return SESSION_MISSING;
      return refusalOf(parts, session) ?? session;
    },
    async end({ id, endsAt }) {
      try {
        await ended.end(id, endsAt);
        return undefined;
      } catch (fault) {
        if (fault instanceof StoreUnavailable) return notEnded(fault);
        throw fault;
      }
    },
  };
}

/** Why a session that we sealed, and that has not expired, is no longer valid. */
function refusalOf(
  { ended, revocations, login, clock }: SessionKeeperParts,
  { id, parent, identity, startedAt }: Session,
): Refusal | undefined {
  const { issuerName, subject, issuedAt } = identity;
  const now = unixSeconds(clock);
  const inForce = login(issuerName);
  // The current configuration may not have this login, or may allow less time.
  if (!inForce || startedAt + inForce.sessionSeconds <= now) return SESSION_MISSING;
  if (!couldBegin(identity, inForce)) return SESSION_MISSING;
  // Signing out in the browser also ends the sessions that programs got from it.
  if (ended.isEnded(id) || (parent !== undefined && ended.isEnded(parent))) return SESSION_MISSING;
  return revocations.refusal({
    issuerName,
    subject,
    // The exchange checks roles and bindings, once they are known.
    role: '',
    binding: '',
    tokenIssuedAt: issuedAt,
    issuedAt: now,
  });
}

/** The name may refer to another issuer or client by now, which does not vouch for this identity. */
function couldBegin({ issuer, claims }: Identity, { clientId, idToken }: LoginInForce): boolean {
  const { aud } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return idToken.issuers.includes(issuer) && audiences.includes(clientId);
}

const SESSION_MISSING = new Refusal(
  'session_missing',
  'You are not signed in, or your session ended.',
);

function notEnded(fault: StoreUnavailable): Refusal {
  return new Refusal(
    'store_unavailable',
    'The service could not store your sign-out, so you may still be signed in. Try again.',
    { detail: fault.message, retryAfterSeconds: 5 },
  );
}
