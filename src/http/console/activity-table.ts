import { html, type SafeHtml } from '@remix-run/html-template';
import type { AuditEvent } from '../../audit/event.ts';
import { theirs } from '../pages/text.ts';
import { identityOf, toneOf, whatOf } from './activity-words.ts';
import { scroll } from './frame.ts';
import { link } from './query.ts';
import { utc, when } from './words.ts';

/** Records, one row each; what can be filtered by is a link that does. `now` in Unix seconds. */
export function activityTable(events: readonly AuditEvent[], now: number): SafeHtml {
  if (events.length === 0) return html`<p class="muted">There is no such record.</p>`;
  return scroll(
    'Table of records',
    html`<table class="records"><thead><tr><th scope="col">Time</th><th scope="col">Type</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Why</th><th scope="col">From</th></tr></thead><tbody>${events.map(
      (event) => row(event, now),
    )}</tbody></table>`,
  );
}

function row(event: AuditEvent, now: number): SafeHtml {
  const time = event.time / 1000;
  return html`<tr><td class="time">${utc(time)}<br><span class="muted">${when(time, now)}</span></td><td><a class="tag ${toneOf(event)}" href="${activity({ type: event.type })}">${event.type}</a></td><td>${who(event)}</td><td>${what(event)}</td><td>${why(event)}</td><td>${from(event)}</td></tr>`;
}

function who(event: AuditEvent): SafeHtml {
  const identity = identityOf(event);
  if (!identity) {
    const issuerName = 'issuerName' in event ? event.issuerName : undefined;
    return issuerName === undefined
      ? html`–`
      : html`<span class="muted">at ${theirs(issuerName)}</span>`;
  }
  const { issuerName, subject } = identity;
  const actor = 'actor' in event ? event.actor : undefined;
  return html`<a href="${activity({ issuer: issuerName, subject })}">${theirs(subject)}</a> <span class="muted">at ${theirs(issuerName)}${
    actor && html`, by ${theirs(actor.subject)} at ${theirs(actor.issuerName)}`
  }</span>`;
}

function what(event: AuditEvent): SafeHtml {
  const text = theirs(whatOf(event));
  if (event.type !== 'issued' && event.type !== 'denied') return text;
  const binding =
    event.binding === undefined
      ? undefined
      : html`<br><span class="muted">${event.type === 'issued' ? 'by' : 'nearest:'} ${theirs(event.binding)}</span>`;
  const { role } = event;
  return role === undefined
    ? html`${text}${binding}`
    : html`<a href="${activity({ role })}">${text}</a>${binding}`;
}

/** A stable reason leads to all others like it; what administrators wrote does not. */
function why(event: AuditEvent): SafeHtml {
  if (!('reason' in event) || event.reason === undefined) return html`–`;
  const { reason } = event;
  if (!('message' in event)) return theirs(reason);
  const { message, detail } = event;
  return html`<a href="${activity({ reason })}">${theirs(reason)}</a>${
    message === undefined ? undefined : html`<br><span class="muted">${theirs(message)}</span>`
  }${detail === undefined ? undefined : html`<br><span class="muted">${theirs(detail)}</span>`}`;
}

function from(event: AuditEvent): SafeHtml {
  if (!('address' in event) || event.address === undefined) return html`–`;
  return html`${theirs(event.address)}<br><span class="muted">${event.door ?? ''}</span>`;
}

function activity(filter: Readonly<Record<string, string>>): string {
  return link('/console/activity', filter);
}
