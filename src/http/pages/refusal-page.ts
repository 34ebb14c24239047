import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import type { Refusal } from '../../errors.ts';
import { lifetime } from '../../lifetime.ts';
import type { ErrorPages } from '../refusals/error-handler.ts';
import { statusOf } from '../refusals/status.ts';
import { stopIcon } from './icons.ts';
import { type PageContext, type PageDeps, sendPage } from './page.ts';
import { refusalWords, type RefusalWords, SIGN_IN } from './words/refusals.ts';
import { contactLink, plain } from './words/text.ts';

export interface RefusalPage {
  /** Where "sign in" leads; the default is the choice of providers. */
  readonly signInPath?: string | undefined;
  /** The provider's own error text; it is not trusted. */
  readonly issuerSaid?: string | undefined;
  /** Replaces the usual words for this refusal. */
  readonly words?: Partial<RefusalWords> | undefined;
}

/** A refusal as a page: what happened, what to do now, and what to tell support. */
export function sendRefusalPage(
  reply: FastifyReply,
  context: PageContext,
  refusal: Refusal,
  more: RefusalPage = {},
): FastifyReply {
  const { retryAfterSeconds } = refusal;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  const words = { ...refusalWords(refusal), ...more.words };
  const { path, text } = words.wayOn;
  const wayOn = { text, path: (path === SIGN_IN.path ? more.signInPath : undefined) ?? path };
  return sendPage(reply, context, {
    status: statusOf(refusal),
    title: words.title,
    body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h1>${words.title}</h1></div>
<p class="lead">${words.text}</p>
${more.issuerSaid === undefined ? undefined : issuerSaid(more.issuerSaid)}
${retryAfterSeconds === undefined ? undefined : html`<p>Try again in ${lifetime(retryAfterSeconds)}.</p>`}
<p class="actions"><a class="button" href="${wayOn.path}">${wayOn.text}</a></p>
${reference(reply, context.deps)}
</article>`,
  });
}

/** An internal fault. Reveals only the id under which the log has the cause. */
function sendFaultPage(reply: FastifyReply, context: PageContext): FastifyReply {
  const title = 'Something went wrong';
  return sendPage(reply, context, {
    status: 500,
    title,
    body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h1>${title}</h1></div>
<p class="lead">The service had an internal error. Try again.</p>
<p class="actions"><a class="button" href="/">Go to the start page</a></p>
${reference(reply, context.deps)}
</article>`,
  });
}

/** Renders errors around page routes as pages. */
export function errorPages(deps: PageDeps): ErrorPages {
  return {
    refusal: (reply, refusal) => sendRefusalPage(reply, { deps }, refusal),
    fault: (reply) => sendFaultPage(reply, { deps }),
  };
}

/** The id by which an operator finds the request, and whom to contact. */
export function reference(reply: FastifyReply, deps: PageDeps): SafeHtml {
  const { contact } = deps.live();
  return html`<p class="reference">${
    contact === undefined
      ? html`If you ask for help, give this ID:`
      : html`Need help? Ask ${contactLink(contact)} and give this ID:`
  } <code class="all">${reply.request.id}</code></p>`;
}

function issuerSaid(text: string): SafeHtml {
  return html`<figure class="said"><figcaption>Your provider said:</figcaption><blockquote><bdi>${plain(text, 300)}</bdi></blockquote></figure>`;
}
