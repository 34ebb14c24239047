import { html, type SafeHtml } from '@remix-run/html-template';
import { UNITS } from '../../lifetime.ts';
import { copyIcon } from '../pages/icons.ts';
import { plain } from '../pages/words/text.ts';

/** A length of time in its largest unit, rounded down: `3 days`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [unit, size] = UNITS.find(([, size]) => whole >= size) ?? (['second', 1] as const);
  return counted(Math.floor(whole / size), unit);
}

/** `in 3 days`, `2 minutes ago`, `now`. Both in Unix seconds. */
export function fromNow(time: number, now: number): string {
  if (Math.abs(time - now) < 1) return 'now';
  return time > now ? `in ${span(time - now)}` : `${span(now - time)} ago`;
}

/** `1 key`, `3 keys`, `10,000 keys` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** Relative time, with the exact time as a tooltip. Unix seconds. */
export function when(time: number, now: number): SafeHtml {
  const date = new Date(time * 1000).toISOString();
  return html`<time datetime="${date}" title="${utc(time)}">${fromNow(time, now)}</time>`;
}

/** `2026-11-02 09:00:00 UTC`: sorts as text. Unix seconds. */
export function utc(time: number): string {
  return `${new Date(time * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `AAQ6QJFB…43L4`: enough to tell keys apart. */
export function shortKey(publicKey: string): SafeHtml {
  if (publicKey.length <= 13) return html`<code>${publicKey}</code>${copyButton(publicKey)}`;
  return html`<span class="nowrap"><code title="${publicKey}">${publicKey.slice(0, 8)}…${publicKey.slice(-4)}</code>${copyButton(publicKey)}</span>`;
}

/** Copies a text that is shortened or hard to select. Shown only where the script runs. */
export function copyButton(text: string): SafeHtml {
  return html` <button class="copy" type="button" data-copy="${text}" aria-label="Copy ${plain(text, 12)}">${copyIcon}</button>`;
}

/** `role orders`, or `any role` for the slot of all roles without their own keys. */
export function slotName(slot: string): string {
  return slot === '*' ? 'any role' : `role ${slot}`;
}
