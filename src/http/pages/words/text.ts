import { html, type SafeHtml } from '@remix-run/html-template';
import { own } from '../../../identity/claims.ts';
import type { Identity, Json } from '../../../identity/identity.ts';

/** Control characters, line breaks, direction overrides, invisible characters, lone surrogates. */
const UNSHOWABLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu;
const SHOWN_CHARACTERS = 200;

/** A stranger's text made safe for a page: short, without characters that could reorder or hide the text around it. */
export function plain(text: string, maxCharacters = SHOWN_CHARACTERS): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text;
  return short.replace(UNSHOWABLE, '�');
}

/** The same, isolated in its own text direction. */
export function theirs(text: string, maxCharacters?: number): SafeHtml {
  return html`<bdi>${plain(text, maxCharacters)}</bdi>`;
}

/** The value of a claim in a token, for display. */
export function claimText(value: Json | undefined): SafeHtml {
  if (value === undefined) return html`<em>nothing</em>`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? html`<em>an empty text</em>` : html`<code>${theirs(text)}</code>`;
}

/** The user's name as the provider says it, else the subject. It proves nothing. */
export function personName({ claims, subject }: Identity): SafeHtml {
  const named = ['name', 'preferred_username', 'email']
    .map((claim) => own(claims, claim))
    .find((value): value is string => typeof value === 'string' && value.trim() !== '');
  return theirs(named ?? subject, 60);
}

/** The contact, as a link if it is an address. */
export function contactLink(contact: string): SafeHtml {
  if (/^https?:\/\/\S+$/.test(contact) && URL.canParse(contact)) {
    return html`<a href="${contact}">${contact}</a>`;
  }
  if (/^[^\s@:/?]+@[^\s@:/?]+\.[^\s@:/?]+$/.test(contact)) {
    return html`<a href="mailto:${contact}">${contact}</a>`;
  }
  return html`<strong>${contact}</strong>`;
}

/** A word for a POSIX shell: unquoted if that is safe, else in single quotes (POSIX.1-2024, Shell Command Language §2.2.2). */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_~./:,@%+=-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
