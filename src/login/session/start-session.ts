import { randomBytes } from 'node:crypto';
import { type Clock, unixSeconds } from '../../clock.ts';
import type { Identity } from '../../identity/identity.ts';
import type { LoginSpec } from '../login-spec.ts';
import type { Session } from '../session.ts';

/**
 * A session for someone who has just signed in. It lasts as long as the login's configuration says, and
 * with `capToTokenExpiry` no longer than the ID token.
 */
export function startSession({
  identity: said,
  idToken,
  spec,
  clock,
}: {
  readonly identity: Identity;
  readonly idToken: string;
  readonly spec: Pick<LoginSpec, 'sessionSeconds' | 'idToken'>;
  readonly clock: Clock;
}): Session {
  const startedAt = unixSeconds(clock);
  const identity = { ...said, issuedAt: notAfter(startedAt, said.issuedAt) };
  const longest = startedAt + spec.sessionSeconds;
  const endsAt = spec.idToken.capToTokenExpiry ? Math.min(longest, identity.expiresAt) : longest;
  return { id: newId(), identity, idToken, startedAt, endsAt };
}

/**
 * The same login as a session for a program. It ends with the browser's session, also when the person
 * signs out there, or earlier by itself.
 */
export function sessionOfItsOwn(session: Session, id: string = newId()): Session {
  return { ...session, id, parent: session.parent ?? session.id };
}

/**
 * When a token counts as issued, for revocations. An issuer's clock may be ahead of ours, and a login from
 * before a revocation must not look later than it. Unix seconds.
 */
export function notAfter(startedAt: number, issuedAt: number): number {
  return Math.min(issuedAt, startedAt);
}

function newId(): string {
  return randomBytes(16).toString('base64url');
}
