import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Session } from '../../login/session.ts';
import { type Page, sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, sessionOf } from '../pages/session.ts';
import type { PeopleDoors } from '../people.ts';
import { personPage } from './person-page.ts';
import { signInLinks } from './sign-in-links.ts';

/** `GET /`: what this is and where to sign in; for those who are, who they are and what they may take. */
export function homeRoute(app: FastifyInstance, doors: PeopleDoors): void {
  app.get('/', pageRoute(doors), (request, reply) => home(doors, request, reply));
}

async function home(
  doors: PeopleDoors,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, doors);
  if (session === undefined) return sendPage(reply, { doors }, welcome(doors, false));
  if (!(session instanceof Refusal)) return person(doors, request, reply, session);
  if (session.reason === 'session_missing') return sendPage(reply, { doors }, welcome(doors, true));
  return sendRefusalPage(reply, { doors }, session);
}

/** The number that somebody without a role reads there leads an operator to the record. */
async function person(
  doors: PeopleDoors,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
): Promise<FastifyReply> {
  const { identity } = session;
  const choices = doors.people.choices(identity);
  // An administrator needs no role: the page shows the way to the console.
  if (choices.denial && !doors.people.isAdmin(identity)) {
    const refusal =
      (await doors.limitIdentity(request, identity)) ??
      (await doors.people.denied(identity, choices.denial, callerOf(request)));
    if (refusal) return sendRefusalPage(reply, { doors, session }, refusal);
  }
  return sendPage(reply, { doors, session }, personPage(doors, { session, choices }, reply));
}

function welcome({ people, live }: PeopleDoors, over: boolean): Page {
  const issuers = people.logins.issuers();
  const { name } = people.branding();
  return {
    title: 'Welcome',
    body: html`<div class="hero">
${over ? html`<p class="card notice warn" role="status">Your session has ended. Nothing is lost; go on with a new one.</p>` : undefined}
<h1>Access to NATS, for as long as you need it</h1>
<p class="lead">${name} gives you a credential for NATS that allows what your role allows and ends by itself. There is no key to ask for, to keep or to hand back.</p>
${
  issuers.length === 0
    ? html`<p class="card notice">Nobody signs in here: programs exchange their own tokens at <code>${live().publicUrl}/exchange</code>. <a href="/openapi.yaml">The interface</a> is described in OpenAPI.</p>`
    : html`<div class="card"><h2>Who are you?</h2><p class="muted">Your organisation’s sign-in tells us; we never see your password.</p>${signInLinks(issuers, '/', 'Sign in with ')}</div>`
}
</div>`,
  };
}
