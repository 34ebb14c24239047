import type { AuditLog } from '../../audit/log.ts';
import { recordDenied, recordRejected } from '../../audit/refusals.ts';
import { type Clock, unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import { hashOf, identify } from '../../exchange.ts';
import type { AdminCaller, AdminRequest } from '../../http/admin/actions.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Passage, Verifier } from '../../identity/verify.ts';
import type { AdminPolicy } from '../../policy/admin.ts';
import type { Denial } from '../../policy/policy.ts';
import type { Revocations } from '../../revocation/revocations.ts';

/** Decides who is an administrator; one consistent set per configuration. */
interface Access {
  readonly parts: DecidingParts;
  readonly admin: AdminPolicy;
}

interface DecidingParts {
  readonly clock: Clock;
  readonly verifier: Verifier;
  readonly revocations: Pick<Revocations, 'refusal'>;
  readonly audit: AuditLog;
}

/**
 * Authenticates an administrator. Every refusal of a token is recorded before it is returned, except
 * one from `limitDenials`. `inForce` returns the same object until a reload; if a reload replaces it
 * while an issuer's keys are fetched, the new one decides.
 */
export async function authenticateAdmin(
  inForce: () => Access,
  request: AdminRequest,
  passage: Passage = {},
): Promise<AdminCaller | Refusal> {
  const before = inForce();
  const { parts, admin } = before;
  if (!admin.configured) return NOT_CONFIGURED;
  const identity = await identify(parts, request.subject, passage);
  if (inForce() !== before) return authenticateAdmin(inForce, request, passage);
  if (identity instanceof Refusal) {
    const presented = hashOf(parts, request.subject);
    return recordRejected(parts, atAdmin(request), { refusal: identity, ...presented });
  }

  const refusal = await request.admit?.(identity);
  if (refusal) return denied(parts, request, identity, { refusal, claimsSeen: {} });
  const denial = admin.deny(identity) ?? revoked(parts, identity);
  if (denial) {
    const tooOften = await request.limitDenials?.(identity);
    return tooOften ?? denied(parts, request, identity, denial);
  }
  const { requestId, address } = request;
  return { identity, requestId, address };
}

const NOT_CONFIGURED = new Refusal(
  'admin_not_configured',
  'This service has no administrators: its configuration has no rules under "admin".',
);

function revoked({ revocations, clock }: DecidingParts, identity: Identity): Denial | undefined {
  const refusal = revocations.refusal(asAdministrator(identity, unixSeconds(clock)));
  return refusal && { refusal, claimsSeen: {} };
}

/** Administrators can be revoked as identities. No role or binding has an empty name. */
function asAdministrator({ issuerName, subject, issuedAt }: Identity, now: number) {
  return { issuerName, subject, role: '', binding: '', tokenIssuedAt: issuedAt, issuedAt: now };
}

async function denied(
  parts: DecidingParts,
  request: AdminRequest,
  identity: Identity,
  { refusal, nearest, claimsSeen }: Denial,
): Promise<Refusal> {
  return recordDenied(parts, atAdmin(request), {
    refusal,
    identity,
    binding: nearest?.binding,
    claims: claimsSeen,
  });
}

/** The origin of a request, as recorded. */
export function atAdmin({ requestId, address }: Omit<AdminCaller, 'identity'>) {
  return { door: 'admin', requestId, address } as const;
}
