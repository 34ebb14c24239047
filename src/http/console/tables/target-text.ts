import { html, type SafeHtml } from '@remix-run/html-template';
import type { RevocationTarget } from '../../../revocation/revocation.ts';
import { theirs } from '../../pages/words/text.ts';
import { shortKey } from '../words.ts';

/** Whom a revocation is about. */
export function targetText(target: RevocationTarget): SafeHtml {
  if ('issuer' in target) return html`${theirs(target.subject)} at ${theirs(target.issuer)}`;
  if ('nkey' in target) return html`user key ${shortKey(target.nkey)}`;
  return 'role' in target
    ? html`role ${theirs(target.role)}`
    : html`binding ${theirs(target.binding)}`;
}
