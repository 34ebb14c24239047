import type { AuditEvent } from '../audit/event.ts';
import { type Cell, type Column, table } from './table.ts';
import type { Style, Terminal } from './terminal.ts';
import { localTime, relativeTime } from './time.ts';

const COLUMNS: readonly Column[] = [
  { title: 'TIME', atLeast: 19 },
  { title: 'TYPE', atLeast: 8 },
  { title: 'WHO', shrinkTo: 16 },
  { title: 'ROLE / REASON', shrinkTo: 12 },
  { title: 'BINDING', shrinkTo: 8 },
  { title: 'ADDRESS' },
  { title: 'EXPIRES' },
];

/** For tables that follow one another: room for what may come. */
const STEADY_WIDTHS: Readonly<Record<string, number>> = {
  WHO: 40,
  'ROLE / REASON': 20,
  BINDING: 20,
  ADDRESS: 15,
};

const STYLE: { readonly [T in AuditEvent['type']]: Style } = {
  issued: 'green',
  denied: 'yellow',
  rejected: 'red',
};

/** Records for people, one line each. `now` is in milliseconds since the Unix epoch. */
export function auditTable(
  terminal: Terminal,
  events: readonly AuditEvent[],
  { now, header, steady }: { now: number; header: boolean; steady: boolean },
): string {
  const columns = steady ? COLUMNS.map(steadied) : COLUMNS;
  const rows = events.map((event) => row(event, now));
  return table(terminal, columns, rows, { header });
}

function steadied(column: Column): Column {
  const atLeast = STEADY_WIDTHS[column.title];
  return atLeast === undefined ? column : { ...column, atLeast };
}

function row(event: AuditEvent, now: number): Cell[] {
  return [
    localTime(event.time),
    { text: event.type, style: STYLE[event.type] },
    who(event),
    roleOrReason(event),
    (event.type !== 'rejected' && event.binding) || '-',
    event.address,
    event.type === 'issued' ? relativeTime(event.expiresAt * 1000, now) : '-',
  ];
}

function who(event: AuditEvent): string {
  if (event.type === 'rejected') return '-';
  const { identity, actor } = event;
  const person = `${identity.issuerName} ${identity.subject}`;
  return actor === undefined ? person : `${person} (by ${actor.issuerName} ${actor.subject})`;
}

function roleOrReason(event: AuditEvent): string {
  switch (event.type) {
    case 'issued':
      return event.role;
    case 'denied':
      return event.role === undefined ? event.reason : `${event.reason} (${event.role})`;
    case 'rejected':
      return event.reason;
  }
}
