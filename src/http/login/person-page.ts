import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import { own } from '../../identity/claims.ts';
import type { Session } from '../../login/session.ts';
import type { Choices } from '../../policy/choices.ts';
import type { Page, PageDoors } from '../pages/page.ts';
import { commandLine, facts } from '../pages/elements.ts';
import { reference } from '../pages/refusal-page.ts';
import { shellWord } from '../pages/shell-word.ts';
import { personName, theirs } from '../pages/words/text.ts';
import { lifetime, moment, nowOf } from '../pages/words/time.ts';
import { denialText, unfitRoles } from './denial-text.ts';
import { roleCard } from './role-card.ts';

/** Who one is, which roles one may take, and how. */
export function personPage(
  doors: PageDoors,
  { session, choices }: { readonly session: Session; readonly choices: Choices },
  reply: FastifyReply,
): Page {
  const isAdmin = doors.people.isAdmin(session.identity);
  return {
    title: 'Your access',
    section: 'home',
    body: html`<h1>Your access to NATS</h1>
<p class="lead">${lead(choices, isAdmin)}</p>
${choices.grants.length === 0 && isAdmin ? toConsole() : roles(doors, choices, reply)}
${unfitRoles(choices.grants.length === 0 ? [] : choices.unfit)}
${commandLineSection(doors, choices)}
${aboutYou(doors, session)}`,
  };
}

function lead({ grants }: Choices, isAdmin: boolean): string {
  if (grants.length === 0) {
    return isAdmin
      ? 'You administer this service. You have no role of your own in NATS.'
      : 'You are signed in, but there is nothing here for you yet.';
  }
  return grants.length === 1
    ? 'You may take one role. Its credential ends by itself; get a new one whenever you need it.'
    : `You may take ${grants.length} roles. Each credential carries one of them and ends by itself.`;
}

function roles(doors: PageDoors, { grants, denial }: Choices, reply: FastifyReply): SafeHtml {
  const { servers } = doors.live();
  if (grants.length > 0) {
    return html`<section aria-labelledby="roles"><h2 id="roles">Roles</h2><div class="cards">${grants.map(
      (grant) => roleCard(grant, { servers, pending: doors.people.pending(grant.role) }),
    )}</div></section>`;
  }
  return html`<section class="card notice warn" aria-labelledby="denied"><h2 id="denied">You have no access</h2>
${denial && denialText(denial)}
${reference(reply, doors)}</section>`;
}

function toConsole(): SafeHtml {
  return html`<p class="actions"><a class="button" href="/console">Open the console</a></p>`;
}

function commandLineSection(doors: PageDoors, { grants: [first] }: Choices): SafeHtml | undefined {
  if (first === undefined) return undefined;
  const { publicUrl } = doors.live();
  const login = `nats-sts login --url ${shellWord(publicUrl)}`;
  return html`<section aria-labelledby="cli"><h2 id="cli">Without this page</h2>
<p>On a computer with the <code>nats-sts</code> command, one line does all of it. The key is made on your machine and never leaves it.</p>
${commandLine(login)}
<p class="muted small">Add <code>--role ${first.role.name}</code> to name the role, and <code>--device</code> where there is no browser.</p></section>`;
}

function aboutYou(doors: PageDoors, { identity, endsAt }: Session): SafeHtml {
  const issuer = doors.people.logins.issuers().find(({ name }) => name === identity.issuerName);
  const email = own(identity.claims, 'email');
  const left = lifetime(endsAt - nowOf(doors));
  return html`<section aria-labelledby="you"><h2 id="you">You</h2><div class="card">${facts([
    ['Name', personName(identity)],
    ...(typeof email === 'string' ? [['E-mail', theirs(email)] as const] : []),
    [
      'Signed in with',
      html`${issuer?.title ?? identity.issuerName} <span class="muted">(${theirs(identity.issuer)})</span>`,
    ],
    ['Subject', html`<code>${theirs(identity.subject)}</code>`],
    ['Session ends', html`${moment(endsAt)}, in ${left}`],
  ])}</div></section>`;
}
