import { html, type SafeHtml } from '@remix-run/html-template';
import { theirs } from '../../pages/words/text.ts';
import { link } from '../query.ts';

export const IDENTITY_PATH = '/console/identity';

interface Named {
  /** The operator's name for the issuer. */
  readonly issuer: string;
  readonly subject: string;
}

/** An identity, as a link to its page. Another identity may act for it. */
export function identityLink({ issuer, subject }: Named, actor?: Named | null): SafeHtml {
  return html`<a href="${link(IDENTITY_PATH, { issuer, subject })}">${theirs(subject)}</a> <span class="muted">at ${theirs(issuer)}${
    actor && html`, by ${theirs(actor.subject)} at ${theirs(actor.issuer)}`
  }</span>`;
}
