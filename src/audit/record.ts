import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { AuditedClient, AuditedIdentity, AuditEvent, RejectedEvent } from './event.ts';
import type { AuditLog } from './log.ts';

/** Undefined once the event is recorded; a refusal if it cannot be, and then the event must not take effect. */
export async function record(audit: AuditLog, event: AuditEvent): Promise<Refusal | undefined> {
  try {
    await audit.record(event);
    return undefined;
  } catch (cause) {
    return new Refusal(
      'audit_unavailable',
      'The service cannot write its audit log now, so it refused this request. Try again soon.',
      { detail: String(cause), retryAfterSeconds: 5 },
    );
  }
}

/** Where a request came from. */
export interface Origin extends Pick<RejectedEvent, 'door' | 'requestId' | 'address'> {
  readonly client?: AuditedClient | undefined;
}

/** Where and when a request came, in the form of a record. */
export function origin(clock: Clock, { door, requestId, address, client }: Origin) {
  return { time: clock.now(), door, requestId, address, ...(client && { client }) };
}

/** A verified identity in the form of a record. */
export function audited({ issuerName, issuer, subject, tokenHash }: Identity): AuditedIdentity {
  return { issuerName, issuer, subject, tokenHash };
}
