import { html, type SafeHtml } from '@remix-run/html-template';
import { clearCookie, cookieJar, cookieOf } from '../pages/cookies/cookie-jar.ts';
import { checkIcon } from '../pages/icons.ts';
import type { PageDeps } from '../pages/page.ts';
import type { Exchange } from './administrator.ts';
import { counted, shortKey } from './words.ts';

/** What was just done, for the next page to show. */
export type Notice =
  | { readonly done: 'rotated'; readonly slots: number }
  | { readonly done: 'key-revoked'; readonly key: string; readonly credentials: number }
  | {
      readonly done: 'revoked';
      readonly id: string;
      readonly credentials: number;
      readonly sessions: number | null;
    }
  | { readonly done: 'lifted'; readonly id: string };

/** How long it waits to be shown. */
const SECONDS = 60;

/** The script sends this header when it fetches a page that is not shown as a whole. */
export const REFRESH_HEADER = 'x-console-refresh';

/**
 * Shows it on the next page. It travels in a cookie, as numbers and ids: no text from a link or from
 * anyone else becomes part of our message.
 */
export function setNotice(deps: PageDeps, { reply }: Exchange, notice: Notice): void {
  const { prefix, attributes } = cookieJar(deps.live().publicUrl);
  reply.setCookie(`${prefix}-notice`, write(notice), { ...attributes, maxAge: SECONDS });
}

/** Shown once. */
export function takeNotice(deps: PageDeps, { request, reply }: Exchange): SafeHtml | undefined {
  if (request.headers[REFRESH_HEADER] !== undefined) return undefined;
  const jar = cookieJar(deps.live().publicUrl);
  const name = `${jar.prefix}-notice`;
  const text = cookieOf(request, name);
  if (text === undefined) return undefined;
  clearCookie(reply, jar, name);
  const notice = read(text);
  return (
    notice &&
    html`<div class="card notice good" role="status"><div class="heading">${checkIcon}<p>${words(notice)}</p></div></div>`
  );
}

function write(notice: Notice): string {
  switch (notice.done) {
    case 'rotated':
      return `rotated.${notice.slots}`;
    case 'key-revoked':
      return `key-revoked.${notice.key}.${notice.credentials}`;
    case 'revoked':
      return `revoked.${notice.id}.${notice.credentials}.${notice.sessions ?? '-'}`;
    case 'lifted':
      return `lifted.${notice.id}`;
  }
}

function read(text: string): Notice | undefined {
  const [, slots] = /^rotated\.(\d{1,9})$/.exec(text) ?? [];
  if (slots !== undefined) return { done: 'rotated', slots: Number(slots) };
  const [, key, cut] = /^key-revoked\.(A[A-Z2-7]{55})\.(\d{1,9})$/.exec(text) ?? [];
  if (key !== undefined) return { done: 'key-revoked', key, credentials: Number(cut) };
  const [, lifted] = /^lifted\.([0-9a-f]{12})$/.exec(text) ?? [];
  if (lifted !== undefined) return { done: 'lifted', id: lifted };
  const [, id, credentials, sessions] =
    /^revoked\.([0-9a-f]{12})\.(\d{1,9})\.(\d{1,9}|-)$/.exec(text) ?? [];
  if (id === undefined) return undefined;
  const known = sessions === '-' ? null : Number(sessions);
  return { done: 'revoked', id, credentials: Number(credentials), sessions: known };
}

function words(notice: Notice): SafeHtml {
  switch (notice.done) {
    case 'rotated':
      return html`Rotation requested: ${counted(notice.slots, 'new key')} will take over once every server has ${notice.slots === 1 ? 'it' : 'them'}.`;
    case 'key-revoked':
      return html`The key ${shortKey(notice.key)} is revoked. ${counted(notice.credentials, 'credential')} that it signed ${notice.credentials === 1 ? 'is' : 'are'} no longer valid.`;
    case 'revoked':
      return html`Revocation <code>${notice.id}</code> is in force. Affected: ${reach(notice)}.`;
    case 'lifted':
      return html`Revocation <code>${notice.id}</code> is lifted.`;
  }
}

/** `3 credentials, 1 of them connected` */
export function reach({
  credentials,
  sessions,
}: {
  readonly credentials: number;
  readonly sessions: number | null;
}): string {
  const living = counted(credentials, 'valid credential');
  if (sessions === null) return `${living}; the number of connections is unknown`;
  return `${living} and ${counted(sessions, 'live connection')}`;
}
