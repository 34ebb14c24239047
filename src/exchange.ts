import type { AuditLog } from './audit/log.ts';
import { audited, origin, record } from './audit/record.ts';
import { type Denied, recordDenied, recordRejected } from './audit/refusals.ts';
import { type Clock, unixSeconds } from './clock.ts';
import { expiry } from './credential/expiry.ts';
import { type Drafting, draftCredential } from './credential/mint.ts';
import { isRetriable, Refusal } from './errors.ts';
import type { ExchangeRequest, Issued, Subject } from './exchange-request.ts';
import { type SingleUseAttempt, singleUseAttempt } from './identity/single-use-attempt.ts';
import type { Identity } from './identity/identity.ts';
import type { Passage, Verifier, WaitApart } from './identity/verify.ts';
import type { KeyRing } from './keyring/key-ring.ts';
import { closedAccount, noKey } from './keyring/signing-refusals.ts';
import { type AccountAdmission, connectionUse, whyRefused } from './nats/admission.ts';
import type { Policy } from './policy/compile.ts';
import { CALLOUT_ONLY, connectionRefusal } from './policy/connection.ts';
import { failedConditions } from './policy/nearest.ts';
import type { Ask, Decision, Grant } from './policy/policy.ts';
import type { Revocable } from './revocation/match.ts';
import type { Revocations } from './revocation/revocations.ts';

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
  /** Accounts (by name) whose users exist only in the answers of auth callouts; absent: none. */
  readonly calloutOnly?: ReadonlySet<string>;
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
  const subject = withClient(found instanceof Promise ? await found : found, request);
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
    return refuse(refusal, {
      binding: nearest?.binding,
      failed: failedConditions(nearest),
      claims,
    });
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
  const byCallout = request.door === 'callout';
  if (!byCallout && parts.calloutOnly?.has(account)) return refuse(CALLOUT_ONLY, granted);
  const closed = whyRefused(admission, { nowSeconds: askedAt, use, byCallout });
  if (closed !== undefined) {
    return refuse(closedAccount(account, closed), granted);
  }

  // Connection: may the role be used on the one that the credential is for?
  const { connection } = request;
  const unfit = connection && connectionRefusal(grant.role, connection, parts.clock.now());
  if (unfit) return refuse(unfit, granted);

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
    const meanwhile = whyRefused(admission, { nowSeconds: issuedAt, use, byCallout });
    return meanwhile === undefined
      ? refuse(TOO_LATE)
      : refuse(closedAccount(account, meanwhile), granted);
  }
  // The user JWT of a callout is in no CONNECT line.
  const drafting = byCallout ? { maxControlLineBytes: Number.POSITIVE_INFINITY } : parts.drafting;
  const draft = draftCredential(drafting, {
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

  // Nothing is recorded, and no token used up, for someone who gave up.
  if (request.isAwaited?.() === false) return refuse(TOO_LATE_TO_ANSWER, granted);

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

/** The exchange of a callout knows more of the caller than the token does. */
function withClient(subject: Identity | Refusal, { connection }: ExchangeRequest) {
  if (subject instanceof Refusal || !connection) return subject;
  return { ...subject, client: connection.claims };
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

const TOO_LATE_TO_ANSWER = new Refusal(
  'answer_too_late',
  'The answer took too long, and the NATS server no longer waits for it. Connect again.',
  { retryAfterSeconds: 1 },
);

/** What the policy granted, or came nearest to. */
type Decided = Pick<Denied, 'binding' | 'failed' | 'role' | 'claims'>;
