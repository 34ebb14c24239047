import { html } from '@remix-run/html-template';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../../../login/session.ts';
import { stopIcon } from '../../pages/icons.ts';
import { sendPage } from '../../pages/page.ts';
import { reference } from '../../pages/refusal-page.ts';
import type { ConsoleDeps } from '../deps.ts';

/** Nothing else is to be had here (RFC 9110 §12.5.1); whoever says nothing takes what comes. */
export function takesEvents({ headers: { accept } }: FastifyRequest): boolean {
  return accept === undefined || /(?:^|[\s,])(?:text\/event-stream|text\/\*|\*\/\*)/i.test(accept);
}

/** Who asks is known by then. */
export function sendNotAcceptable(
  deps: ConsoleDeps,
  reply: FastifyReply,
  session: Session,
): FastifyReply {
  const title = 'This is no page';
  return sendPage(
    reply,
    { deps, session },
    {
      status: 406,
      title,
      section: 'console',
      body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h1>${title}</h1></div>
<p class="lead">Here the console hears what is new, as text/event-stream and nothing else.</p>
<p class="actions"><a class="button" href="/console">Go to the console</a></p>
${reference(reply, deps)}
</article>`,
    },
  );
}
