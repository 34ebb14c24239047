import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import { hidden } from '../../pages/elements.ts';
import type { Administrator, Exchange } from '../administrator.ts';
import type { ConsoleDeps } from '../deps.ts';
import { type ConsolePage, sendConsolePage } from '../frame.ts';

/** The field that marks the confirmed form. */
export const CONFIRMED = 'confirmed';

export interface Confirmation extends Pick<ConsolePage, 'tab' | 'status'> {
  readonly title: string;
  /** What will happen, with numbers. */
  readonly text: SafeHtml;
  /** Where the form goes, and the fields that it repeats. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** Inputs still to fill in. */
  readonly inputs?: SafeHtml | undefined;
  readonly button: string;
  /** It disconnects someone. */
  readonly danger: boolean;
}

/** Nothing is done yet: shows what would happen, and the button that does it. */
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

/** Required, since it goes into the audit log. */
export function reasonField(value: string | undefined, problem?: string): SafeHtml {
  return html`<div class="field reason"><label for="reason">Reason, recorded in the audit log</label>${
    problem === undefined ? undefined : html`<p class="problem" id="reason-problem">${problem}</p>`
  }<input id="reason" name="reason" type="text" maxlength="${MAX_REASON}" required value="${value ?? ''}" autocomplete="off"${
    problem === undefined ? undefined : html` aria-invalid="true" aria-describedby="reason-problem"`
  }></div>`;
}

/** The same limit as in the admin routes. */
const MAX_REASON = 500;

export const REASON_PROBLEM = `Enter a reason of at most ${MAX_REASON} characters.`;

/** Undefined if it is empty or too long. */
export function reasonOf(text: string | undefined): string | undefined {
  const reason = text?.trim() ?? '';
  return reason === '' || reason.length > MAX_REASON ? undefined : reason;
}
