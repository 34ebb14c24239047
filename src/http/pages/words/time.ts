import { html, type SafeHtml } from '@remix-run/html-template';
import { type Clock, systemClock, unixSeconds } from '../../../clock.ts';
import type { PageDeps } from '../page.ts';

const FORMAT = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** A point in time, in Unix seconds, shown in UTC: the service does not know the reader's time zone. */
export function moment(seconds: number): SafeHtml {
  const date = new Date(seconds * 1000);
  return html`<time datetime="${date.toISOString()}">${FORMAT.format(date)} UTC</time>`;
}

/** Unix seconds. */
export function nowOf({ login }: Pick<PageDeps, 'login'>): number {
  return unixSeconds(clockOf(login));
}

function clockOf({ clock }: { readonly clock?: Clock }): Clock {
  return clock ?? systemClock;
}
