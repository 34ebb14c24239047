import { html } from '@remix-run/html-template';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Session } from '../../login/session.ts';
import type { AdminCaller } from '../admin/actions.ts';
import { stopIcon } from '../pages/icons.ts';
import { sendPage } from '../pages/page.ts';
import { reference, sendRefusalPage } from '../pages/refusal-page.ts';
import { callerOf, signedIn } from '../pages/session.ts';
import { personName } from '../pages/words/text.ts';
import { statusOf } from '../refusals/status.ts';
import type { ConsoleDeps } from './deps.ts';

/** Whom a page of the console is made for. */
export interface Administrator {
  readonly session: Session;
  readonly caller: AdminCaller;
}

/** A request, and what answers it. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Goes on for those who may administer; all others read why not. */
export function admitted(
  deps: ConsoleDeps,
  { request, reply }: Exchange,
  then: (administrator: Administrator) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  return signedIn(deps, request, reply, async (session) => {
    const caller = await authenticated(deps, request, session);
    if (caller instanceof Refusal) return sendNotAdmitted(deps, { reply, session }, caller);
    return then({ session, caller });
  });
}

/**
 * Who asks, once it is known that they may administer. What changes something is counted for
 * everyone; what only looks, for those who may not: pages that are open ask again and again by
 * themselves.
 */
export async function authenticated(
  { console, limitIdentity }: ConsoleDeps,
  request: FastifyRequest,
  { identity }: Session,
): Promise<AdminCaller | Refusal> {
  const limit = () => limitIdentity(request, identity);
  const ask = { ...callerOf(request), subject: { identity } };
  if (request.method !== 'POST') {
    return console.admin.authenticate({ ...ask, limitDenials: limit });
  }
  return (await limit()) ?? console.admin.authenticate(ask);
}

function sendNotAdmitted(
  deps: ConsoleDeps,
  { reply, session }: { readonly reply: FastifyReply; readonly session: Session },
  refusal: Refusal,
): FastifyReply {
  const context = { deps, session };
  const { reason } = refusal;
  if (reason !== 'not_admin' && reason !== 'admin_not_configured') {
    return sendRefusalPage(reply, context, refusal);
  }
  const title = 'The console is for administrators';
  return sendPage(reply, context, {
    status: statusOf(refusal),
    title,
    section: 'console',
    body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h1>${title}</h1></div>
<p class="lead">You are signed in as ${personName(session.identity)}, who ${
      reason === 'not_admin'
        ? 'is not one of them.'
        : 'can not be one of them yet: this service has no administrators.'
    }</p>
${reason === 'not_admin' ? BY_RULES : howToName(session)}
<p class="actions"><a class="button" href="/">See what you may do</a></p>
${reference(reply, deps)}
</article>`,
  });
}

const BY_RULES = html`<p>Who is one is said by the rules under <code>admin</code> in the configuration of this service, and by what your provider says of you. If that changed just now, sign out and in again.</p>`;

/** For whoever runs the service: what is missing, ready to be filled in. */
function howToName({ identity: { issuerName } }: Session) {
  return html`<p>Whoever runs it names them in its configuration, by claims that the provider sets. For the provider that you signed in at:</p>
<pre class="command" tabindex="0" role="region" aria-label="Rules to add to the configuration"><code>admin:
  - issuer: ${issuerName}
    match: { groups: nats-operators }
</code></pre>`;
}
