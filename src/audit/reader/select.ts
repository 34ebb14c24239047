import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { AuditEvent } from '../event.ts';
import { EXACT_FILTERS, type ExactFilter } from '../filter.ts';
import type { AuditFilter } from '../log.ts';

const COLUMN: { readonly [F in ExactFilter]: string } = {
  type: 'type',
  issuerName: 'issuer',
  subject: 'subject',
  role: 'role',
  binding: 'binding',
  user: 'user',
  requestId: 'request_id',
  reason: 'reason',
  tokenHash: 'token_hash',
};

/** A condition with its parameters. */
export interface Where {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Position in a list: by time, and by order of writing within a millisecond. */
export interface Position {
  readonly time: number;
  readonly id: number;
}

export interface Row extends Position {
  readonly event: AuditEvent;
}

/** Records of the log; `sql` may continue after the condition with ORDER BY and LIMIT. */
export function select(db: DatabaseSync, { sql, values }: Where): Row[] {
  return db
    .prepare(`SELECT id, time, event FROM audit_events WHERE ${sql}`)
    .all(...values)
    .map((row) => {
      const event: AuditEvent = JSON.parse(String(row['event']));
      return { id: Number(row['id']), time: Number(row['time']), event };
    });
}

/** Column names are ours; values from the caller are always bound as parameters. */
export function where(filter: AuditFilter): Where {
  const conditions = ['TRUE'];
  const values: SQLInputValue[] = [];
  const demand = (condition: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  demand('time >= ?', filter.since);
  demand('time < ?', filter.until);
  if (filter.types) {
    conditions.push(`type IN (${filter.types.map(() => '?').join(', ')})`);
    values.push(...filter.types);
  }
  for (const name of EXACT_FILTERS) demand(`${COLUMN[name]} = ?`, filter[name]);
  return { sql: conditions.join(' AND '), values };
}
