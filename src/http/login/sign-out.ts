import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Session } from '../../login/session.ts';
import type { LoginDeps } from '../deps.ts';
import { cookieJar } from '../pages/cookies/cookie-jar.ts';
import { clearSessionCookie } from '../pages/cookies/session-cookie.ts';
import { checkIcon } from '../pages/icons.ts';
import { sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, sessionOf } from '../pages/session.ts';
import { personName } from '../pages/words/text.ts';

/** `/logout`: GET asks, POST ends the session, here and where the issuer knows how at the issuer, too. */
export function signOutRoutes(app: FastifyInstance, deps: LoginDeps): void {
  app.get('/logout', pageRoute(deps), (request, reply) => ask(deps, request, reply));
  // Whoever wants to be signed out is, however many requests their address has sent.
  app.post('/logout', pageRoute(deps, { always: true }), (request, reply) =>
    signOut(deps, request, reply),
  );
}

async function ask(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, deps);
  if (session === undefined) return sendNotSignedIn(deps, reply);
  if (session instanceof Refusal) {
    const ended = session.code === 'invalid_token';
    return ended ? sendSignedOut(deps, reply) : sendRefusalPage(reply, { deps }, session);
  }
  return sendPage(
    reply,
    { deps, session },
    {
      title: 'Sign out',
      body: html`<div class="narrow card"><h1>Sign out?</h1>
<p>You are signed in as <strong>${personName(session.identity)}</strong>. Programs that you handed a credential to from this session can not renew it any more. Credentials already issued work until they end.</p>
<form class="actions" method="post" action="/logout"><button class="button" type="submit">Sign out</button><a class="button secondary" href="/">Stay</a></form></div>`,
    },
  );
}

/** Sent twice, the second finds a session that is ended, and says the same. */
async function signOut(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, deps);
  const ended = session instanceof Refusal ? session : session && (await end(session));
  // The cookie stays: whoever believes to be signed out must be.
  if (ended instanceof Refusal && ended.code === 'temporarily_unavailable') {
    const known = session instanceof Refusal ? undefined : session;
    return sendRefusalPage(reply, { deps, session: known }, ended);
  }
  clearSessionCookie(request, reply, cookieJar(deps.live().publicUrl));
  if (ended === undefined) return sendNotSignedIn(deps, reply);
  return sendSignedOut(deps, reply, ended instanceof Refusal ? undefined : ended.issuerUrl);

  function end(session: Session) {
    return deps.login.logins.signOut(session, callerOf(request));
  }
}

/** Programs have sessions of their own, which nobody can end from a browser that has lost the one that they came from. */
function sendNotSignedIn(deps: LoginDeps, reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    { deps },
    {
      title: 'Not signed in',
      body: html`<div class="narrow card"><h1>You were not signed in here</h1>
<p>So nothing was ended. Programs that were handed a credential keep their session: <code>nats-sts logout</code> on their machine ends it, or an administrator can revoke it.</p>
<p class="actions"><a class="button" href="/">Go to the start page</a></p></div>`,
    },
  );
}

/** A form may not lead to another origin by a redirect (CSP `form-action`), so a page does. */
function sendSignedOut(deps: LoginDeps, reply: FastifyReply, issuerUrl?: URL): FastifyReply {
  return sendPage(
    reply,
    { deps },
    {
      title: 'Signed out',
      ...(issuerUrl && { goOnTo: issuerUrl }),
      body: html`<div class="narrow card good"><div class="heading">${checkIcon}<h1>You are signed out</h1></div>
${
  issuerUrl
    ? html`<p>Now you go on to your provider, to sign out there, too.</p><p class="actions"><a class="button" href="${issuerUrl.href}">Go on to your provider</a></p>`
    : html`<p>Nobody can go on with this session any more, and no program that you handed a credential to from it can renew that.</p><p class="actions"><a class="button" href="/">Go to the start page</a></p>`
}</div>`,
    },
  );
}
