import { html, type SafeHtml } from '@remix-run/html-template';
import type { RevocationTarget } from '../../../revocation/revocation.ts';
import type { RevocationsAnswer } from '../../../admin-api/revocations.ts';
import { hidden } from '../../pages/elements.ts';
import { theirs } from '../../pages/words/text.ts';
import { copyButton, counted, shortKey, when } from '../words.ts';
import { ACTION, recordTable } from './table.ts';

type Revocation = RevocationsAnswer['revocations'][number];

/** Revocations in force, one row each, with a button to lift it. `now` in Unix seconds. */
export function revocationTable(revocations: readonly Revocation[], now: number): SafeHtml {
  if (revocations.length === 0) return html`<p class="muted">No revocations.</p>`;
  return recordTable(
    'Table of revocations',
    ['Target', 'Reason', 'Since', 'Until', 'Disconnected', 'By', 'Id', ACTION],
    revocations.map((revocation) => row(revocation, now)),
  );
}

function row({ id, target, reason, block, at, until, by, credentials }: Revocation, now: number) {
  return [
    targetText(target),
    theirs(reason, 500),
    when(at, now),
    block ? html`<span class="tag bad">until lifted</span>` : when(until, now),
    counted(credentials, 'user'),
    html`${theirs(by.subject)} <span class="muted">at ${theirs(by.issuer)}</span>`,
    html`<code>${id}</code>${copyButton(id)}`,
    html`<form method="post" action="/console/revocations/lift">${hidden({ id })}<button class="button small secondary" type="submit" aria-label="Lift ${id}">Lift…</button></form>`,
  ];
}

/** The target of a revocation. */
export function targetText(target: RevocationTarget): SafeHtml {
  if ('issuer' in target) return html`${theirs(target.subject)} at ${theirs(target.issuer)}`;
  if ('nkey' in target) return html`user key ${shortKey(target.nkey)}`;
  return 'role' in target
    ? html`role ${theirs(target.role)}`
    : html`binding ${theirs(target.binding)}`;
}
