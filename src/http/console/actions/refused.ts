import { html } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import type { Refusal } from '../../../errors.ts';
import { stopIcon } from '../../pages/icons.ts';
import { reference, sendRefusalPage } from '../../pages/refusal-page.ts';
import { plain } from '../../pages/words/text.ts';
import { statusOf } from '../../refusals/status.ts';
import type { Administrator, Exchange } from '../administrator.ts';
import type { ConsoleDeps } from '../deps.ts';
import { type ConsolePage, sendConsolePage } from '../frame.ts';

/** The longest names, and the sentence around them. */
const MAX_CHARACTERS = 500;

/**
 * Why an administrator's action was not done. If the target does not exist, or no longer, the message of
 * the refusal says so, and the tab shows what does exist.
 */
export function sendRefused(
  deps: ConsoleDeps,
  exchange: Exchange,
  administrator: Administrator,
  { tab, refusal }: Pick<ConsolePage, 'tab'> & { readonly refusal: Refusal },
): FastifyReply {
  const { reply } = exchange;
  if (refusal.code !== 'not_found') {
    return sendRefusalPage(reply, { deps, session: administrator.session }, refusal);
  }
  return sendConsolePage(deps, exchange, administrator, {
    status: statusOf(refusal),
    title: 'Not found',
    tab,
    body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h2>Nothing was changed</h2></div>
<p class="lead">${plain(refusal.message, MAX_CHARACTERS)}</p>
<p class="actions"><a class="button" href="${tab}">Go back</a></p>
${reference(reply, deps)}
</article>`,
  });
}
