import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { AuditedIdentity, AuditEvent, RejectedEvent } from './event.ts';
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

/** Where a request came from. */
export type Origin = Pick<RejectedEvent, 'door' | 'requestId' | 'address'>;

/** Where and when a request came, as records hold it. */
export function origin(clock: Clock, { door, requestId, address }: Origin) {
  return { time: clock.now(), door, requestId, address };
}

/** Who was verified, as records hold it. */
export function audited({ issuerName, issuer, subject, tokenHash }: Identity): AuditedIdentity {
  return { issuerName, issuer, subject, tokenHash };
}
