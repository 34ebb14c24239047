import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { own } from '../../identity/claims.ts';
import type { Session } from '../../login/session.ts';
import type { Choices } from '../../policy/choices.ts';
import type { LoginDeps } from '../deps.ts';
import { lifetime } from '../../lifetime.ts';
import { commandLine, facts } from '../pages/elements.ts';
import { type Page, type PageDeps, sendPage } from '../pages/page.ts';
import { reference, sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, sessionOf } from '../pages/session.ts';
import { personName, shellWord, theirs } from '../pages/words/text.ts';
import { moment, nowOf } from '../pages/words/time.ts';
import { denialText, unfitRoles } from './denial-text.ts';
import { roleCard } from './role-card.ts';
import { signInLinks } from './sign-in.ts';

/** `GET /`: how to sign in; for signed-in users, who they are and which roles they have. */
export function homeRoute(app: FastifyInstance, deps: LoginDeps): void {
  app.get('/', pageRoute(deps), (request, reply) => home(deps, request, reply));
}

async function home(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, deps);
  if (session === undefined) return sendPage(reply, { deps }, welcome(deps, false));
  if (!(session instanceof Refusal)) return person(deps, request, reply, session);
  if (session.reason === 'session_missing') return sendPage(reply, { deps }, welcome(deps, true));
  return sendRefusalPage(reply, { deps }, session);
}

/** If the user has no role, the page shows the id of the recorded denial. */
async function person(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
): Promise<FastifyReply> {
  const { identity } = session;
  const choices = deps.login.choices(identity);
  // An administrator needs no role: the page links to the console.
  if (choices.denial && !deps.login.isAdmin(identity)) {
    const refusal =
      (await deps.limitIdentity(request, identity)) ??
      (await deps.login.denied(identity, choices.denial, callerOf(request)));
    if (refusal) return sendRefusalPage(reply, { deps, session }, refusal);
  }
  return sendPage(reply, { deps, session }, personPage(deps, { session, choices }, reply));
}

function welcome({ login, live }: LoginDeps, sessionEnded: boolean): Page {
  const issuers = login.logins.issuers();
  const { name } = login.branding();
  return {
    title: 'Welcome',
    body: html`<div class="hero">
${sessionEnded ? html`<p class="card notice warn" role="status">Your session ended. Sign in again to continue.</p>` : undefined}
<h1>Short-lived access to NATS</h1>
<p class="lead">${name} gives you a NATS credential with the permissions of your role. The credential expires by itself: there is no long-lived key to request, store, or return.</p>
${
  issuers.length === 0
    ? html`<p class="card notice">Sign-in is not configured here. Programs exchange their own tokens at <code>${live().publicUrl}/exchange</code>: see the <a href="/openapi.yaml">OpenAPI description</a>.</p>`
    : html`<div class="card"><h2>Sign in</h2><p class="muted">You sign in with your organization. This service never sees your password.</p>${signInLinks(issuers, '/', 'Sign in with ')}</div>`
}
</div>`,
  };
}

/** Who the user is, which roles they have, and how to use them. */
function personPage(
  deps: PageDeps,
  { session, choices }: { readonly session: Session; readonly choices: Choices },
  reply: FastifyReply,
): Page {
  const isAdmin = deps.login.isAdmin(session.identity);
  return {
    title: 'Your access',
    section: 'home',
    body: html`<h1>Your access to NATS</h1>
<p class="lead">${lead(choices, isAdmin)}</p>
${choices.grants.length === 0 && isAdmin ? toConsole() : roles(deps, choices, reply)}
${unfitRoles(choices.grants.length === 0 ? [] : choices.unfit)}
${commandLineSection(deps, choices)}
${aboutYou(deps, session)}`,
  };
}

function lead({ grants }: Choices, isAdmin: boolean): string {
  if (grants.length === 0) {
    return isAdmin
      ? 'You administer this service. You have no NATS role yourself.'
      : 'You are signed in, but you have no access to NATS yet.';
  }
  return grants.length === 1
    ? 'You have one role. Its credential expires by itself; get a new one whenever you need it.'
    : `You have ${grants.length} roles. Each credential carries one role and expires by itself.`;
}

function roles(deps: PageDeps, { grants, denial }: Choices, reply: FastifyReply): SafeHtml {
  const { servers } = deps.live();
  if (grants.length > 0) {
    return html`<section aria-labelledby="roles"><h2 id="roles">Roles</h2><div class="cards">${grants.map(
      (grant) => roleCard(grant, { servers, pending: deps.login.pending(grant.role) }),
    )}</div></section>`;
  }
  return html`<section class="card notice warn" aria-labelledby="denied"><h2 id="denied">You have no access</h2>
${denial && denialText(denial)}
${reference(reply, deps)}</section>`;
}

function toConsole(): SafeHtml {
  return html`<p class="actions"><a class="button" href="/console">Open the console</a></p>`;
}

function commandLineSection(deps: PageDeps, { grants: [first] }: Choices): SafeHtml | undefined {
  if (first === undefined) return undefined;
  const { publicUrl } = deps.live();
  const login = `nats-sts login --url ${shellWord(publicUrl)}`;
  return html`<section aria-labelledby="cli"><h2 id="cli">Use the command line</h2>
<p>If you have the <code>nats-sts</code> command, this one line does everything. Your private key is created on your machine and never leaves it.</p>
${commandLine(login)}
<p class="muted small">Add <code>--role ${first.role.name}</code> to choose the role, or <code>--device</code> on a machine without a browser.</p></section>`;
}

function aboutYou(deps: PageDeps, { identity, endsAt }: Session): SafeHtml {
  const issuer = deps.login.logins.issuers().find(({ name }) => name === identity.issuerName);
  const email = own(identity.claims, 'email');
  const left = lifetime(endsAt - nowOf(deps));
  return html`<section aria-labelledby="you"><h2 id="you">You</h2><div class="card">${facts([
    ['Name', personName(identity)],
    ...(typeof email === 'string' ? [['Email', theirs(email)] as const] : []),
    [
      'Signed in with',
      html`${issuer?.title ?? identity.issuerName} <span class="muted">(${theirs(identity.issuer)})</span>`,
    ],
    ['Subject', html`<code>${theirs(identity.subject)}</code>`],
    ['Session ends', html`${moment(endsAt)}, in ${left}`],
  ])}</div></section>`;
}
