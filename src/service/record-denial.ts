import type { AuditLog } from '../audit/log.ts';
import { audited, auditedReason, record } from '../audit/record.ts';
import type { DeniedEvent } from '../audit/event.ts';
import type { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Denial } from '../policy/policy.ts';

/** A "no" to an identity that is known, at doors other than the exchange. Undefined once it is on the record. */
export function recordDenial(
  audit: AuditLog,
  from: Pick<DeniedEvent, 'time' | 'door' | 'requestId' | 'address'>,
  identity: Identity,
  { refusal, nearest, claimsSeen }: Denial,
): Promise<Refusal | undefined> {
  return record(audit, {
    type: 'denied',
    ...from,
    identity: audited(identity),
    ...auditedReason(refusal),
    ...(nearest && { binding: nearest.binding }),
    claims: claimsSeen,
  });
}
