import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import { hidden } from '../../pages/elements.ts';
import type { Administrator, Exchange } from '../administrator.ts';
import type { ConsoleDeps } from '../deps.ts';
import { type ConsolePage, sendConsolePage } from '../frame.ts';

/** The field by which the second form differs from the first. */
export const CONFIRMED = 'confirmed';

export interface Confirmation extends Pick<ConsolePage, 'tab' | 'status'> {
  readonly title: string;
  /** What will happen, with figures. */
  readonly text: SafeHtml;
  /** Where the form goes, and what it says again. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** What is still to be filled in. */
  readonly inputs?: SafeHtml | undefined;
  readonly button: string;
  /** It cuts somebody off. */
  readonly danger: boolean;
}

/** Nothing is done yet: what would be, and the one button that does it. */
export function sendConfirmation(
  deps: ConsoleDeps,
  exchange: Exchange,
  administrator: Administrator,
  { title, tab, status, text, action, fields, inputs, button, danger }: Confirmation,
): FastifyReply {
  return sendConsolePage(deps, exchange, administrator, {
    title,
    tab,
    ...(status !== undefined && { status }),
    body: html`<article class="card notice${danger ? ' warn' : ''} confirm">
${text}
<form method="post" action="${action}">${hidden({ ...fields, [CONFIRMED]: 'yes' })}${inputs}
<p class="actions"><button class="button${danger ? ' danger' : ''}" type="submit">${button}</button> <a class="button secondary" href="${tab}">Cancel</a></p></form>
</article>`,
  });
}

/** Goes into the audit log, so it has to be there. */
export function reasonField(value: string | undefined, problem?: string): SafeHtml {
  return html`<div class="field reason"><label for="reason">Why? It goes into the audit log.</label>${
    problem === undefined ? undefined : html`<p class="problem" id="reason-problem">${problem}</p>`
  }<input id="reason" name="reason" type="text" maxlength="${MAX_REASON}" required value="${value ?? ''}" autocomplete="off"${
    problem === undefined ? undefined : html` aria-invalid="true" aria-describedby="reason-problem"`
  }></div>`;
}

/** As long as the admin routes take it. */
const MAX_REASON = 500;

export const REASON_PROBLEM = `Say why, in up to ${MAX_REASON} characters.`;

/** Undefined where nothing was said, or too much. */
export function reasonOf(text: string | undefined): string | undefined {
  const reason = text?.trim() ?? '';
  return reason === '' || reason.length > MAX_REASON ? undefined : reason;
}
