import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { Identity, Json } from '../identity/identity.ts';
import type { AuditEvent, FailedCondition, LoginEvent } from './event.ts';
import type { AuditLog } from './log.ts';
import { audited, type Origin, origin, record } from './record.ts';

/*
 * The one place that records refusals. Every door calls it and answers what it returns: the refusal
 * once it is recorded, or `audit_unavailable` when it cannot be.
 */

/** Where refusals are recorded, and which clock dates them. */
export interface RefusalRecords {
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** Refuses a caller whose identity is not known: no issuer vouches for the token they sent. */
export async function recordRejected(
  { audit, clock }: RefusalRecords,
  request: Origin,
  { refusal, ...token }: { readonly refusal: Refusal; readonly tokenHash?: string },
): Promise<Refusal> {
  const unrecorded = await record(audit, {
    type: 'rejected',
    ...origin(clock, request),
    ...reasonOf(refusal),
    ...token,
  });
  return unrecorded ?? refusal;
}

/** A refusal, and everything known about the caller. */
export interface Denied {
  readonly refusal: Refusal;
  readonly identity: Identity;
  readonly actor?: Identity | undefined;
  /** SHA-256 of an actor token that was rejected, hexadecimal. */
  readonly actorTokenHash?: string | undefined;
  /** The binding that granted the role, or came nearest. */
  readonly binding?: string | undefined;
  /** Conditions of that binding that did not hold. */
  readonly failed?: readonly FailedCondition[];
  readonly role?: string | undefined;
  /** Those that the policy looked at. */
  readonly claims?: Readonly<Record<string, Json>>;
}

/** Refuses a verified identity. */
export async function recordDenied(
  { audit, clock }: RefusalRecords,
  request: Origin,
  { refusal, identity, actor, actorTokenHash, binding, failed = [], role, claims = {} }: Denied,
): Promise<Refusal> {
  const unrecorded = await record(audit, {
    type: 'denied',
    ...origin(clock, request),
    identity: audited(identity),
    ...(actor && { actor: audited(actor) }),
    ...(actorTokenHash !== undefined && { actorTokenHash }),
    ...reasonOf(refusal),
    ...(binding !== undefined && { binding }),
    ...(failed.length > 0 && { failed }),
    ...(role !== undefined && { role }),
    claims,
  });
  return unrecorded ?? refusal;
}

/** Refuses a step of a login, with the identity if it is known. */
export async function recordFailedLogin(
  { audit, clock }: RefusalRecords,
  request: Origin,
  { refusal, ...login }: LoginFields & { readonly refusal: Refusal },
): Promise<Refusal> {
  const unrecorded = await record(audit, {
    type: 'login',
    step: 'failed',
    ...origin(clock, request),
    ...login,
    ...reasonOf(refusal),
  });
  return unrecorded ?? refusal;
}

type LoginFields = Omit<LoginEvent, 'type' | 'step' | 'time' | keyof Origin>;

function reasonOf({ reason, message, detail }: Refusal) {
  return { reason, message, ...(detail !== undefined && { detail }) };
}

/** Reasons that anyone can provoke without a token signed by an issuer. */
const UNPROVEN: ReadonlySet<string> = new Set([
  'token_missing',
  'parameter_repeated',
  'parameter_invalid',
  'too_many_requests',
  'overloaded',
  'answer_too_late',
  'callout_request_invalid',
  'callout_unreadable',
  'callout_server_unknown',
  'callout_replayed',
  'token_malformed',
  'token_too_large',
  'token_encrypted',
  'token_not_a_jwt',
  'token_header_unsupported',
  'issuer_unknown',
  'issuer_unavailable',
  'algorithm_not_allowed',
  'key_unknown',
  'key_unusable',
  'signature_invalid',
  'token_expired',
  'token_not_yet_valid',
  'token_lifetime_too_long',
  'claim_missing',
  'claim_malformed',
  'audience_mismatch',
  'token_kind_not_allowed',
  'tenant_not_allowed',
]);

/** How many may be recorded at once, and how many more for each second that passes. */
const BURST = 1000;
const PER_SECOND = 10;

export interface BoundOptions {
  readonly clock: Clock;
  readonly onDropped: () => void;
  /** How many logs share the bound; each has its part. */
  readonly sharers?: number;
}

/**
 * Keeps strangers from filling the disk. Anyone who can reach the service can send invalid tokens or
 * start logins, and each leaves a record. Beyond the bound (about 900,000 a day) the log omits them
 * and calls `onDropped`. It never omits a record that took a signed token: a reused token, a wrong
 * proof, a verified identity.
 */
export function boundRejections(
  log: AuditLog,
  { clock, onDropped, sharers = 1 }: BoundOptions,
): AuditLog {
  const burst = Math.ceil(BURST / sharers);
  let left = burst;
  let countedAt = clock.now();
  const take = (): boolean => {
    const now = clock.now();
    left = Math.min(burst, left + (Math.max(0, now - countedAt) / 1000) * (PER_SECOND / sharers));
    countedAt = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
  return {
    record(event) {
      if (!isUnproven(event) || take()) return log.record(event);
      onDropped();
      return Promise.resolve();
    },
    healthy: () => log.healthy(),
    close: () => log.close(),
  };
}

function isUnproven(event: AuditEvent): boolean {
  if (event.type === 'login') return event.identity === undefined;
  return event.type === 'rejected' && UNPROVEN.has(event.reason);
}
