import type { AuditEvent } from './event.ts';
import type { AuditFilter } from './log.ts';

/** The filters that ask for one exact value. */
export const EXACT_FILTERS = [
  'type',
  'issuerName',
  'subject',
  'role',
  'binding',
  'user',
  'requestId',
  'reason',
  'tokenHash',
] as const satisfies readonly (keyof AuditFilter)[];

export type ExactFilter = Exclude<keyof AuditFilter, 'since' | 'until' | 'limit'>;

/** What a record holds under each filter's name; undefined where it holds nothing. */
const FIELD: { readonly [F in ExactFilter]: (event: AuditEvent) => string | undefined } = {
  type: (event) => event.type,
  issuerName: (event) => identityOf(event)?.issuerName,
  subject: (event) => identityOf(event)?.subject,
  role: (event) => (event.type === 'rejected' ? undefined : event.role),
  binding: (event) => (event.type === 'rejected' ? undefined : event.binding),
  user: (event) => (event.type === 'issued' ? event.user : undefined),
  requestId: (event) => event.requestId,
  reason: (event) => (event.type === 'issued' ? undefined : event.reason),
  tokenHash: (event) =>
    event.type === 'rejected' ? event.tokenHash : identityOf(event)?.tokenHash,
};

/** Whether a record is one of those asked for: `since` ≤ time < `until`, and every exact value equal. */
export function matches(filter: AuditFilter, event: AuditEvent): boolean {
  if (filter.since !== undefined && event.time < filter.since) return false;
  if (filter.until !== undefined && event.time >= filter.until) return false;
  return EXACT_FILTERS.every(
    (name) => filter[name] === undefined || FIELD[name](event) === filter[name],
  );
}

function identityOf(event: AuditEvent) {
  return event.type === 'rejected' ? undefined : event.identity;
}
