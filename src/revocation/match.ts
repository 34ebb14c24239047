import type { Revocation, RevocationTarget } from './revocation.ts';

interface Party {
  readonly issuerName: string;
  readonly subject: string;
}

/**
 * What a revocation is held against: a credential that was issued (an `IssuedCredential` is one of
 * these), or the exchange that is about to issue one. Both by the same rule, so that nothing is
 * issued that would be disconnected, and nothing disconnected that would be issued again.
 */
export interface Revocable extends Party {
  readonly actor?: Party;
  readonly role: string;
  readonly binding: string;
  /** The one that lets the actor take the role. */
  readonly actorBinding?: string;
  /** Public user nkey, `U…`; absent where it is still to be made. */
  readonly user?: string;
  /** `iat` of the subject token, or of the actor's where that one is older. Unix seconds. */
  readonly tokenIssuedAt: number;
  /** When the credential was issued; now, where it is still to be. Unix seconds. */
  readonly issuedAt: number;
}

/**
 * So far the clock of an issuer may be ahead of ours before a token from before a revocation looks
 * like a later one; a new login must wait that long.
 */
export const ISSUER_AHEAD_SECONDS = 5;

/** One text for each target: what an index goes by. Issuer names have no spaces, so no two targets share one. */
export function targetKey(target: RevocationTarget): string {
  if ('nkey' in target) return `nkey ${target.nkey}`;
  if ('role' in target) return `role ${target.role}`;
  if ('binding' in target) return `binding ${target.binding}`;
  return identityKey({ issuerName: target.issuer, subject: target.subject });
}

/** The keys of every target that would mean it: at most six. */
export function targetKeys(revocable: Revocable): string[] {
  const { actor, user, role, binding, actorBinding, ...subject } = revocable;
  return [
    identityKey(subject),
    ...(actor ? [identityKey(actor)] : []),
    ...(user === undefined ? [] : [`nkey ${user}`]),
    `role ${role}`,
    `binding ${binding}`,
    ...(actorBinding === undefined ? [] : [`binding ${actorBinding}`]),
  ];
}

/** Whether the revocation applies. One that blocks applies whatever the age of the token. */
export function applies(
  revocation: Pick<Revocation, 'target' | 'block' | 'at'>,
  revocable: Revocable,
): boolean {
  return (
    reaches(revocation, revocable) && targetKeys(revocable).includes(targetKey(revocation.target))
  );
}

/**
 * The part of the rule that is about time. What was issued before the revocation is from before,
 * whatever its token says; a token has the time of its issuer's clock. `iat` may have a fraction
 * (RFC 7519 §2), the others have none.
 */
export function reaches(
  { block, at }: Pick<Revocation, 'block' | 'at'>,
  { tokenIssuedAt, issuedAt }: Pick<Revocable, 'tokenIssuedAt' | 'issuedAt'>,
): boolean {
  return block || issuedAt <= at || Math.floor(tokenIssuedAt) <= at + ISSUER_AHEAD_SECONDS;
}

function identityKey({ issuerName, subject }: Party): string {
  return `identity ${issuerName} ${subject}`;
}
