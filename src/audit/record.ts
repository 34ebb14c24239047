import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { AuditedIdentity, AuditEvent } from './event.ts';
import type { AuditLog } from './log.ts';

/** Undefined once the event is safe; a refusal when it can't be written: then nothing must follow from it. */
export async function record(audit: AuditLog, event: AuditEvent): Promise<Refusal | undefined> {
  try {
    await audit.record(event);
    return undefined;
  } catch (cause) {
    return new Refusal(
      'audit_unavailable',
      'The service cannot record this request right now, and nothing is done unrecorded.',
      { detail: String(cause), retryAfterSeconds: 5 },
    );
  }
}

/** Who was verified, as records hold it. */
export function audited({ issuerName, issuer, subject, tokenHash }: Identity): AuditedIdentity {
  return { issuerName, issuer, subject, tokenHash };
}

/** Why the answer was no, as records hold it. */
export function auditedReason({ reason, message, detail }: Refusal) {
  return { reason, message, ...(detail !== undefined && { detail }) };
}
