import type { AuditEvent } from './event.ts';
import type { AuditFilter } from './log.ts';

/** The filters that match one exact value. */
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

export type ExactFilter = Exclude<keyof AuditFilter, 'since' | 'until' | 'types' | 'limit'>;

/** The value of a record that each filter compares; undefined if it has none. */
const FIELD: { readonly [F in ExactFilter]: (event: AuditEvent) => string | undefined } = {
  type: (event) => event.type,
  issuerName: (event) => identityOf(event)?.issuerName,
  subject: (event) => identityOf(event)?.subject,
  role: (event) => ('role' in event ? event.role : undefined),
  binding: (event) => ('binding' in event ? event.binding : undefined),
  user: (event) => ('user' in event ? event.user : undefined),
  requestId: (event) => ('requestId' in event ? event.requestId : undefined),
  reason: (event) => ('reason' in event ? event.reason : undefined),
  tokenHash: (event) => ('tokenHash' in event ? event.tokenHash : identityOf(event)?.tokenHash),
};

/** Whether a record matches: `since` ≤ time < `until`, one of `types`, and every exact value equal. */
export function matches(filter: AuditFilter, event: AuditEvent): boolean {
  if (filter.since !== undefined && event.time < filter.since) return false;
  if (filter.until !== undefined && event.time >= filter.until) return false;
  if (filter.types && !filter.types.includes(event.type)) return false;
  return EXACT_FILTERS.every(
    (name) => filter[name] === undefined || FIELD[name](event) === filter[name],
  );
}

function identityOf(event: AuditEvent) {
  return 'identity' in event ? event.identity : undefined;
}
