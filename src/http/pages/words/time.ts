import { html, type SafeHtml } from '@remix-run/html-template';
import { type Clock, systemClock, unixSeconds } from '../../../clock.ts';
import type { PageDeps } from '../page.ts';

/** Units of time, the largest first, in seconds. */
export const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in its two largest units: `7 hours 40 minutes`. */
export function lifetime(seconds: number): string {
  const [largest, ...others] = unitsOf(Math.max(0, Math.floor(seconds)));
  if (largest === undefined) return '0 seconds';
  // Seconds are noise beside hours.
  const next = others.find(([, size]) => size * 60 >= largest[1]);
  return [largest, next].flatMap((part) => (part ? [part[2]] : [])).join(' ');
}

function unitsOf(seconds: number): [name: string, size: number, text: string][] {
  let left = seconds;
  return UNITS.flatMap(([name, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? [] : [[name, size, `${count} ${name}${count === 1 ? '' : 's'}`]];
  });
}

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
