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

/** The administrator who sees a console page. */
export interface Administrator {
  readonly session: Session;
  readonly caller: AdminCaller;
}

/** A request and its reply. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Calls `then` for administrators; everyone else gets a page that says why not. */
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
 * The caller, once known to be an administrator. The rate limit counts every change, but reads only
 * when denied: open pages refresh by themselves again and again.
 */
export async function authenticated(
  { console, limitIdentity }: ConsoleDeps,
  request: FastifyRequest,
  { identity }: Session,
): Promise<AdminCaller | Refusal> {
  const limit = async () => limitIdentity(request, identity);
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
<p class="lead">You are signed in as ${personName(session.identity)}. ${
      reason === 'not_admin'
        ? 'You are not an administrator.'
        : 'This service has no administrators yet.'
    }</p>
${reason === 'not_admin' ? BY_RULES : howToName(session)}
<p class="actions"><a class="button" href="/">See your access</a></p>
${reference(reply, deps)}
</article>`,
  });
}

const BY_RULES = html`<p>The <code>admin</code> rules in the configuration of this service decide who is an administrator, by the claims that your provider sends. If either just changed, sign out and sign in again.</p>`;

/** For the operator: the missing configuration, ready to fill in. */
function howToName({ identity: { issuerName } }: Session) {
  return html`<p>The operator names administrators in the configuration, by claims that the provider sets. For your provider:</p>
<pre class="command" tabindex="0" role="region" aria-label="Rules to add to the configuration"><code>admin:
  - issuer: ${issuerName}
    match: { groups: nats-operators }
</code></pre>`;
}
