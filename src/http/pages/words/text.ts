import { html, type SafeHtml } from '@remix-run/html-template';
import { own } from '../../../identity/claims.ts';
import type { Identity, Json } from '../../../identity/identity.ts';

/** Controls, line breaks, what turns the direction of writing, what is not seen at all, halves of a character. */
const UNSHOWABLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu;
const SHOWN_CHARACTERS = 200;

/** A stranger's text as a page may hold it: short, with nothing in it that would turn or hide what stands around it. */
export function plain(text: string, maxCharacters = SHOWN_CHARACTERS): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text;
  return short.replace(UNSHOWABLE, '�');
}

/** The same, with a direction of writing of its own. */
export function theirs(text: string, maxCharacters?: number): SafeHtml {
  return html`<bdi>${plain(text, maxCharacters)}</bdi>`;
}

/** What a token says of a claim, as a person reads it. */
export function claimText(value: Json | undefined): SafeHtml {
  if (value === undefined) return html`<em>nothing</em>`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? html`<em>an empty text</em>` : html`<code>${theirs(text)}</code>`;
}

/** What people call themselves, as far as their provider says; their subject otherwise. Proves nothing. */
export function personName({ claims, subject }: Identity): SafeHtml {
  const named = ['name', 'preferred_username', 'email']
    .map((claim) => own(claims, claim))
    .find((value): value is string => typeof value === 'string' && value.trim() !== '');
  return theirs(named ?? subject, 60);
}

/** Whom to ask: a link where the operator wrote an address. */
export function contactLink(contact: string): SafeHtml {
  if (/^https?:\/\/\S+$/.test(contact) && URL.canParse(contact)) {
    return html`<a href="${contact}">${contact}</a>`;
  }
  if (/^[^\s@:/?]+@[^\s@:/?]+\.[^\s@:/?]+$/.test(contact)) {
    return html`<a href="mailto:${contact}">${contact}</a>`;
  }
  return html`<strong>${contact}</strong>`;
}

/** A word for a POSIX shell: as it is where that is safe, in single quotes otherwise (POSIX.1-2024, Shell Command Language §2.2.2). */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_~./:,@%+=-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
