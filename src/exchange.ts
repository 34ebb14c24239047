import type { Door } from './audit/event.ts';
import type { AuditLog } from './audit/log.ts';
import { audited, origin, record } from './audit/record.ts';
import { type Denied, recordDenied, recordRejected } from './audit/refusals.ts';
import { type Clock, unixSeconds } from './clock.ts';
import type { Credential } from './credential/credential.ts';
import { expiry } from './credential/expiry.ts';
import { type Drafting, draftCredential } from './credential/mint.ts';
import { isRetriable, Refusal } from './errors.ts';
import { type SingleUseAttempt, singleUseAttempt } from './identity/single-use-attempt.ts';
import type { Identity } from './identity/identity.ts';
import type { DpopProof, Passage, Verifier, WaitApart } from './identity/verify.ts';
import type { KeyRing, PendingKey } from './keyring/key-ring.ts';
import { closedAccount, noKey } from './keyring/signing-refusals.ts';
import { type AccountAdmission, connectionUse, whyRefused } from './nats/admission.ts';
import type { UserPublicKey } from './nats/nkeys.ts';
import type { Policy } from './policy/compile.ts';
import type { Ask, Decision, Grant } from './policy/policy.ts';
import type { Revocable } from './revocation/match.ts';
import type { Revocations } from './revocation/revocations.ts';

/** Who wants a credential. */
export type Subject =
  | {
      readonly token: string;
      /** DPoP proof sent with it (RFC 9449), for tokens bound to a key. */
      readonly proof?: DpopProof | undefined;
    }
  /** From a session: its ID token was verified at the login, and the session is sealed. */
  | { readonly identity: Identity };

/** What a door passes on: the subject, what the caller asks for, and where the request came from. */
export interface ExchangeRequest {
  readonly door: Door;
  readonly requestId: string;
  readonly address: string;
  readonly subject: Subject;
  /** Who acts for the subject (RFC 8693 §2.1, delegation). */
  readonly actorToken?: string | undefined;
  readonly ask: Ask;
  /** The caller's own public user nkey; if set, no seed is created. */
  readonly userPublicKey?: UserPublicKey | undefined;
  /** The door's rate limit by identity, checked once the identity is known. */
  readonly admit?: (identity: Identity) => Refusal | undefined | Promise<Refusal | undefined>;
}

/** What a door gives back. */
export interface Issued {
  readonly identity: Identity;
  readonly actor: Identity | undefined;
  readonly grant: Grant;
  readonly credential: Credential;
  /** Set when the credential has the old permissions, from before the role's last change: how long that lasts. */
  readonly pending?: PendingKey | undefined;
}

/** The parts an exchange is made of; one consistent set per configuration. */
export interface ExchangeParts {
  readonly clock: Clock;
  readonly verifier: Verifier;
  readonly policy: Policy;
  readonly revocations: Pick<Revocations, 'refusal'>;
  readonly audit: AuditLog;
  readonly keyRing: KeyRing;
  /** Whether NATS lets users of an account (by name) in; absent if nothing checks that. */
  readonly admission?: (accountName: string) => AccountAdmission;
  readonly drafting: Drafting;
  /** Issuers whose credentials expire no later than the subject token. */
  readonly cappedIssuers: ReadonlySet<string>;
}

/**
 * How a credential is issued: every door calls this, and nothing else issues one. `inForce` gives
 * the parts of the configuration in force, the same object until a reload.
 *
 * Faults (a broken disk, a bug) are exceptions; every "no" is a `Refusal`, recorded before it is returned.
 * An answer uses up a single-use token, unless the answer is "try again". `waitApart` wraps each wait
 * for an issuer's keys.
 */
export async function exchange(
  inForce: () => ExchangeParts,
  request: ExchangeRequest,
  waitApart?: WaitApart,
): Promise<Issued | Refusal> {
  const tokens = singleUseAttempt();
  const passage = () => ({ waitApart, keep: tokens.keep });
  const progress = { tokens, subject: passage(), actor: passage(), admitted: false };
  try {
    const answer = await issue(inForce, request, progress);
    if (!(answer instanceof Refusal)) return answer;
    if (isRetriable(answer)) tokens.release();
    else await tokens.settle();
    return answer;
  } catch (fault) {
    tokens.release();
    throw fault;
  }
}

/** Work that is kept when a reload makes a request start over. */
interface Progress {
  readonly tokens: SingleUseAttempt;
  readonly subject: Passage;
  readonly actor: Passage;
  /** The limit by identity has counted this request. */
  admitted: boolean;
}

async function issue(
  inForce: () => ExchangeParts,
  request: ExchangeRequest,
  progress: Progress,
): Promise<Issued | Refusal> {
  const parts = inForce();
  // Identity: who asks, and who acts for them?
  const found = identify(parts, request.subject, progress.subject);
  const subject = found instanceof Promise ? await found : found;
  const actor =
    subject instanceof Refusal || request.actorToken === undefined
      ? undefined
      : await verifyActor(parts, request.actorToken, progress.actor);
  // If a reload replaced the configuration while we waited for an issuer's keys, decide by the new one.
  if (inForce() !== parts) return issue(inForce, request, progress);
  if (subject instanceof Refusal) {
    const { subject: asked } = request;
    return recordRejected(parts, request, { refusal: subject, ...hashOf(parts, asked) });
  }
  if (actor instanceof Refusal) {
    const { ask, actorToken } = request;
    const actorTokenHash = actorToken ? parts.verifier.hash(actorToken) : undefined;
    const denied = { refusal: actor, identity: subject, actorTokenHash, role: ask.role };
    return recordDenied(parts, request, denied);
  }
  const refuse = (refusal: Refusal, decided?: Decided) =>
    recordDenied(parts, request, {
      refusal,
      identity: subject,
      actor,
      role: request.ask.role,
      ...decided,
    });

  // Limit: has this identity asked too often?
  const admitted = progress.admitted ? undefined : request.admit?.(subject);
  const refusal = admitted instanceof Promise ? await admitted : admitted;
  progress.admitted = true;
  if (refusal) return refuse(refusal);

  // Policy: which role does the identity get?
  const decision = decide(parts.policy, subject, actor, request.ask);
  if ('denial' in decision) {
    const { refusal, nearest, claimsSeen: claims } = decision.denial;
    return refuse(refusal, { binding: nearest?.binding, claims });
  }
  const { grant } = decision;
  const { binding, claimsSeen: claims } = grant;
  const granted = { binding, role: grant.role.name, claims };

  // Revocation: was the identity revoked since the token was issued?
  const askedAt = unixSeconds(parts.clock);
  const candidate = { ...revocable(subject, actor, grant, request), issuedAt: askedAt };
  const revoked = parts.revocations.refusal(candidate);
  if (revoked) return refuse(revoked, granted);

  // Account: does NATS let its users in?
  const { account, name: role, connectionTypes } = grant.role;
  const admission = parts.admission?.(account) ?? {};
  const use = connectionUse(connectionTypes);
  const closed = whyRefused(admission, { nowSeconds: askedAt, use });
  if (closed !== undefined) {
    return refuse(closedAccount(account, closed), granted);
  }

  // Draft: the credential without its signature.
  const identities = actor ? [subject, actor] : [subject];
  const capped = identities.filter(({ issuerName }) => parts.cappedIssuers.has(issuerName));
  const endFrom = (now: number) => expiry({ now, grant, capped, admission });
  const active = parts.keyRing.active(account, role, endFrom(askedAt) - askedAt);
  const signingKey = active instanceof Promise ? await active : active;
  // The same if a reload replaced the configuration while we waited for the store.
  if (inForce() !== parts) return issue(inForce, request, progress);
  if (!signingKey) {
    const refusal = noKey(account, role, parts.keyRing.pending(account, role));
    return refuse(refusal, granted);
  }
  // The lifetime starts now, after any wait for the key; the wait does not make it longer.
  const issuedAt = unixSeconds(parts.clock);
  const expiresAt = endFrom(issuedAt);
  if (expiresAt <= issuedAt) {
    const meanwhile = whyRefused(admission, { nowSeconds: issuedAt, use });
    return meanwhile === undefined
      ? refuse(TOO_LATE)
      : refuse(closedAccount(account, meanwhile), granted);
  }
  const draft = draftCredential(parts.drafting, {
    identity: subject,
    actor,
    grant,
    signingKey,
    userPublicKey: request.userPublicKey,
    issuedAt,
    expiresAt,
  });
  if (draft instanceof Refusal) {
    return refuse(draft, granted);
  }

  // Record: what is not recorded is not issued.
  const recorded = await record(parts.audit, {
    type: 'issued',
    ...origin(parts.clock, request),
    identity: audited(subject),
    ...(actor && { actor: audited(actor) }),
    binding,
    ...(grant.actorBinding !== undefined && { actorBinding: grant.actorBinding }),
    role,
    account,
    user: draft.userPublicKey,
    signingKey: signingKey.publicKey,
    tokenIssuedAt: candidate.tokenIssuedAt,
    expiresAt: draft.expiresAt,
    claims,
  });
  if (recorded instanceof Refusal) return recorded;

  // Revocation again: one may have arrived during the record.
  const overtaken = parts.revocations.refusal({ ...candidate, user: draft.userPublicKey });
  if (overtaken) return refuse(overtaken, granted);

  // Single use: this request uses the token, and no other can.
  const unsettled = await progress.tokens.settle();
  if (unsettled) return refuse(unsettled, granted);

  // Sign.
  const pending = signingKey.outdated ? parts.keyRing.pending(account, role) : undefined;
  return { identity: subject, actor, grant, credential: draft.sign(), pending };
}

/** The verified identity of a subject, or why it is refused. */
export function identify(
  { verifier }: Pick<ExchangeParts, 'verifier'>,
  subject: Subject,
  passage: Passage,
): ReturnType<Verifier['verify']> {
  return 'identity' in subject
    ? subject.identity
    : verifier.verify(subject.token, subject.proof, passage);
}

/** The hash by which records name a presented token. */
export function hashOf(
  { verifier }: Pick<ExchangeParts, 'verifier'>,
  subject: Subject,
): { readonly tokenHash?: string } {
  return 'token' in subject && subject.token ? { tokenHash: verifier.hash(subject.token) } : {};
}

function verifyActor(
  { verifier }: ExchangeParts,
  actorToken: string,
  passage: Passage,
): ReturnType<Verifier['verify']> {
  return verifier.verify(actorToken, undefined, passage);
}

function decide(
  policy: Policy,
  subject: Identity,
  actor: Identity | undefined,
  ask: Ask,
): Decision {
  return actor ? policy.decideDelegated(subject, actor, ask) : policy.decide(subject, ask);
}

/** What revocations are compared with. Of two tokens the older one counts: a revocation may follow neither. */
function revocable(
  { issuerName, subject, issuedAt }: Identity,
  actor: Identity | undefined,
  { role, binding, actorBinding }: Grant,
  { userPublicKey }: ExchangeRequest,
): Omit<Revocable, 'issuedAt'> {
  return {
    issuerName,
    subject,
    ...(actor && { actor }),
    role: role.name,
    binding,
    ...(actorBinding !== undefined && { actorBinding }),
    ...(userPublicKey !== undefined && { user: userPublicKey }),
    tokenIssuedAt: Math.min(issuedAt, actor?.issuedAt ?? issuedAt),
  };
}

/** Only with `capToTokenExpiry`: leeway accepts an expired token, but its credential would already be expired. */
const TOO_LATE = new Refusal(
  'token_expired',
  'The token has expired, and its credential cannot outlive it. Send a new token.',
);

/** What the policy granted, or came nearest to. */
type Decided = Pick<Denied, 'binding' | 'role' | 'claims'>;
