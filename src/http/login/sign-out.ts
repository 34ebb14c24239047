import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { cookieJar } from '../pages/cookies.ts';
import { checkIcon } from '../pages/icons.ts';
import { sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, sessionOf } from '../pages/session.ts';
import { clearSessionCookie } from '../pages/session-cookie.ts';
import { personName } from '../pages/text.ts';
import type { PeopleDoors } from '../people.ts';

/** `/logout`: GET asks, POST ends the session, here and where the issuer knows how at the issuer, too. */
export function signOutRoutes(app: FastifyInstance, doors: PeopleDoors): void {
  app.get('/logout', pageRoute(doors), (request, reply) => ask(doors, request, reply));
  app.post('/logout', pageRoute(doors), (request, reply) => signOut(doors, request, reply));
}

async function ask(
  doors: PeopleDoors,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, doors);
  if (session === undefined || session instanceof Refusal) return sendSignedOut(doors, reply);
  return sendPage(
    reply,
    { doors, session },
    {
      title: 'Sign out',
      body: html`<div class="narrow card"><h1>Sign out?</h1>
<p>You are signed in as <strong>${personName(session.identity)}</strong>. Programs that you handed a credential to from this session can not renew it any more. Credentials already issued work until they end.</p>
<form class="actions" method="post" action="/logout"><button class="button" type="submit">Sign out</button><a class="button secondary" href="/">Stay</a></form></div>`,
    },
  );
}

/** Repeated, it finds nothing to end, and says the same. */
async function signOut(
  doors: PeopleDoors,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, doors);
  let issuerUrl: URL | undefined;
  if (session !== undefined && !(session instanceof Refusal)) {
    const ended = await doors.people.logins.signOut(session, callerOf(request));
    // The cookie stays: whoever believes to be signed out must be.
    if (ended instanceof Refusal) return sendRefusalPage(reply, { doors, session }, ended);
    ({ issuerUrl } = ended);
  }
  clearSessionCookie(request, reply, cookieJar(doors.live().publicUrl));
  return sendSignedOut(doors, reply, issuerUrl);
}

/** A form may not lead to another origin by a redirect (CSP `form-action`), so a page does. */
function sendSignedOut(doors: PeopleDoors, reply: FastifyReply, issuerUrl?: URL): FastifyReply {
  return sendPage(
    reply,
    { doors },
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
