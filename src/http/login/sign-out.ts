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

/** `/logout`: GET asks, POST ends the session, here and at the issuer if that supports it. */
export function signOutRoutes(app: FastifyInstance, deps: LoginDeps): void {
  app.get('/logout', pageRoute(deps), (request, reply) => ask(deps, request, reply));
  // Sign-out always works, however many requests this address has sent.
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
<p>You are signed in as <strong>${personName(session.identity)}</strong>. Programs that got a credential from this session can no longer renew it. Credentials already issued work until they expire.</p>
<form class="actions" method="post" action="/logout"><button class="button" type="submit">Sign out</button><a class="button secondary" href="/">Stay signed in</a></form></div>`,
    },
  );
}

/** Sent twice, the second request finds an ended session and gets the same answer. */
async function signOut(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, deps);
  const ended = session instanceof Refusal ? session : session && (await end(session));
  // Keep the cookie: a page must not say "signed out" before it is true.
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

/** Programs have their own sessions, which cannot be ended from a browser that lost the session they came from. */
function sendNotSignedIn(deps: LoginDeps, reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    { deps },
    {
      title: 'Not signed in',
      body: html`<div class="narrow card"><h1>You were not signed in here</h1>
<p>Programs that got a credential keep their own session: run <code>nats-sts logout</code> on their machine to end it, or ask an administrator to revoke it.</p>
<p class="actions"><a class="button" href="/">Go to the start page</a></p></div>`,
    },
  );
}

/** A form must not redirect to another origin (CSP `form-action`), so a page leads there. */
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
    ? html`<p>Next, sign out at your provider.</p><p class="actions"><a class="button" href="${issuerUrl.href}">Continue to your provider</a></p>`
    : html`<p>This session ended. Programs that got a credential from it can no longer renew it.</p><p class="actions"><a class="button" href="/">Go to the start page</a></p>`
}</div>`,
    },
  );
}
