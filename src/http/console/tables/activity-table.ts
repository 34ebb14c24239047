import { html, type SafeHtml } from '@remix-run/html-template';
import type { AuditedIdentity, AuditEvent, RevocationEvent } from '../../../audit/event.ts';
import { theirs } from '../../pages/words/text.ts';
import { link } from '../query.ts';
import { counted, slotName, utc, when } from '../words.ts';
import { identityLink } from './identity-link.ts';
import { type RecordRow, recordTable } from './table.ts';

/** Records, one row each, with links that filter. `now` in Unix seconds. */
export function activityTable(events: readonly AuditEvent[], now: number): SafeHtml {
  if (events.length === 0) return html`<p class="muted">No records match.</p>`;
  const folded = events.filter(isBegun);
  const rows: RecordRow[] = events
    .filter((event) => !isBegun(event))
    .map((event) => row(event, now));
  if (folded.length > 0) rows.push({ folded: begun(folded, now) });
  return recordTable('Table of records', ['Time', 'Type', 'Who', 'What', 'Why', 'From'], rows);
}

/** Anyone can start any number of sign-ins; their outcome has its own record. */
function isBegun(event: AuditEvent): boolean {
  return event.type === 'login' && (event.step === 'begun' || event.step === 'device-begun');
}

function begun(events: readonly AuditEvent[], now: number): SafeHtml {
  return html`<details><summary>${counted(events.length, 'sign-in')} started</summary><ul>${events.map(
    (event) =>
      html`<li>${utc(event.time / 1000)} <span class="muted">${when(event.time / 1000, now)}</span> ${who(event)} ${from(event)}</li>`,
  )}</ul></details>`;
}

function row(event: AuditEvent, now: number) {
  const time = event.time / 1000;
  return [
    html`<span class="time">${utc(time)}</span><br><span class="muted">${when(time, now)}</span>`,
    html`<a class="tag ${toneOf(event)}" href="${activity({ type: event.type })}">${event.type}</a>`,
    who(event),
    what(event),
    why(event),
    from(event),
  ];
}

function who(event: AuditEvent): SafeHtml | undefined {
  const identity = identityOf(event);
  if (!identity) {
    const issuerName = 'issuerName' in event ? event.issuerName : undefined;
    return issuerName === undefined
      ? undefined
      : html`<span class="muted">at ${theirs(issuerName)}</span>`;
  }
  const actor = 'actor' in event ? event.actor : undefined;
  return identityLink(
    { issuer: identity.issuerName, subject: identity.subject },
    actor && { issuer: actor.issuerName, subject: actor.subject },
  );
}

function what(event: AuditEvent): SafeHtml {
  const text = theirs(whatOf(event));
  if (event.type !== 'issued' && event.type !== 'denied') return text;
  const binding =
    event.binding === undefined
      ? undefined
      : html`<br><span class="muted">${event.type === 'issued' ? 'by' : 'closest:'} ${theirs(event.binding)}</span>`;
  const { role } = event;
  return role === undefined
    ? html`${text}${binding}`
    : html`<a href="${activity({ role })}">${text}</a>${binding}`;
}

/** A stable reason links to all records with it; text written by administrators does not. */
function why(event: AuditEvent): SafeHtml | undefined {
  if (!('reason' in event) || event.reason === undefined) return undefined;
  const { reason } = event;
  if (!('message' in event)) return theirs(reason);
  const { message, detail } = event;
  return html`<a href="${activity({ reason })}">${theirs(reason)}</a>${
    message === undefined ? undefined : html`<br><span class="muted">${theirs(message)}</span>`
  }${detail === undefined ? undefined : html`<br><span class="muted">${theirs(detail)}</span>`}`;
}

function from(event: AuditEvent): SafeHtml | undefined {
  if (!('address' in event) || event.address === undefined) return undefined;
  return html`${theirs(event.address)}<br><span class="muted">${event.door ?? ''}</span>`;
}

function activity(filter: Readonly<Record<string, string>>): string {
  return link('/console/activity', filter);
}

/** The identity of a record, if known. */
function identityOf(event: AuditEvent): AuditedIdentity | undefined {
  return 'identity' in event ? event.identity : undefined;
}

/** What was done, or requested. It can contain strangers' text. */
function whatOf(event: AuditEvent): string {
  switch (event.type) {
    case 'issued':
      return `role ${event.role}`;
    case 'denied':
      return event.role === undefined ? 'no role' : `role ${event.role}`;
    case 'rejected':
      return 'an invalid token';
    case 'login':
      return [
        event.step,
        ...(event.role === undefined ? [] : [`role ${event.role}`]),
        ...(event.program === undefined ? [] : [`for ${event.program}`]),
      ].join(', ');
    case 'admin':
      return `${event.action === 'rotate' ? 'rotate' : 'revoke key'}: ${event.account}, ${slotName(event.slot)}`;
    case 'revocation':
      return `${event.change}: ${targetText(event)}`;
    case 'revoked-users':
      return `${counted(event.count, 'user')} ${event.cause === 'gone' ? 'no longer revoked' : 'revoked'} in ${event.account}`;
    case 'key':
      return `${event.account}, ${slotName(event.slot)}: ${event.publicKey.slice(0, 8)}… ${event.from ?? 'new'} → ${event.to}`;
    case 'drift':
      return `${event.account}: ${counted(event.lostKeys.length, 'key')} and ${counted(event.lostRevocations, 'revocation')} lost${event.mended ? ', restored' : ''}`;
  }
}

function targetText({ target, block }: RevocationEvent): string {
  const named = Object.entries(target).map(([kind, value]) => `${kind} ${value}`);
  return `${named.join(', ')}${block ? ', blocked' : ''}`;
}

/** The color of a record's type; the word says the same. */
function toneOf(event: AuditEvent): 'good' | 'warn' | 'bad' | '' {
  switch (event.type) {
    case 'issued':
      return 'good';
    case 'denied':
      return 'warn';
    case 'rejected':
    case 'drift':
      return 'bad';
    case 'login':
      return event.step === 'failed' || event.step === 'refused' ? 'warn' : '';
    case 'admin':
    case 'revocation':
    case 'revoked-users':
    case 'key':
      return '';
  }
}
