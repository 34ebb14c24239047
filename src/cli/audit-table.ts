import type { AuditEvent, LoginEvent, LoginStep, RevocationEvent } from '../audit/event.ts';
import { counted, slotName, slotText } from './keys/key-text.ts';
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

/** Fixed widths for --follow, where tables follow one another. */
const STEADY_WIDTHS: Readonly<Record<string, number>> = {
  WHO: 40,
  'ROLE / REASON': 20,
  BINDING: 20,
  ADDRESS: 15,
};

const STYLE: { readonly [T in AuditEvent['type']]?: Style } = {
  issued: 'green',
  denied: 'yellow',
  rejected: 'red',
  drift: 'red',
};

/** Green: a credential was given out. Yellow and red: none was. */
const STEP_STYLE: { readonly [S in LoginStep]?: Style } = {
  'handed-over': 'green',
  renewed: 'green',
  refused: 'yellow',
  failed: 'red',
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
  const style = event.type === 'login' ? STEP_STYLE[event.step] : STYLE[event.type];
  return [
    localTime(event.time),
    style ? { text: event.type, style } : event.type,
    who(event),
    roleOrReason(event),
    ('binding' in event && event.binding) || '-',
    ('address' in event && event.address) || '-',
    event.type === 'issued' ? relativeTime(event.expiresAt * 1000, now) : '-',
  ];
}

/** The identity, or the account if the service itself acted. */
function who(event: AuditEvent): string {
  if (!('identity' in event) || event.identity === undefined) {
    if ('issuerName' in event && event.issuerName !== undefined) return event.issuerName;
    return 'account' in event ? event.account : '-';
  }
  const { issuerName, subject } = event.identity;
  const person = `${issuerName} ${subject}`;
  const actor = 'actor' in event ? event.actor : undefined;
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
    case 'login':
      return loginStep(event);
    case 'admin':
      return withReason(`${event.action} ${slotText(event)}`, event.reason);
    case 'revocation':
      return withReason(`${event.change}: ${targetOf(event)}`, event.reason);
    case 'revoked-users':
      return `${counted(event.count, 'user')} ${event.cause === 'gone' ? 'no longer revoked' : 'revoked'}`;
    case 'key':
      return withReason(
        `${slotName(event.slot)}, ${event.publicKey.slice(0, 8)}… ${event.from ?? 'new'} → ${event.to}`,
        event.reason,
      );
    case 'drift': {
      const keys = counted(event.lostKeys.length, 'key');
      const lost = `${keys} and ${counted(event.lostRevocations, 'revocation')} lost`;
      return event.mended ? `${lost}, restored` : lost;
    }
  }
}

/** `handed-over orders for nats-sts login on laptop`. */
function loginStep({ step, role, program, reason }: LoginEvent): string {
  const words = [step, ...(role ? [role] : []), ...(program ? [`for ${program}`] : [])];
  return withReason(words.join(' '), reason);
}

function withReason(text: string, reason: string | undefined): string {
  return reason === undefined ? text : `${text} (${reason})`;
}

function targetOf({ target, block }: RevocationEvent): string {
  const named = Object.entries(target).map(([kind, value]) => `${kind} ${value}`);
  return `${named.join(', ')}${block ? ', blocked' : ''}`;
}
