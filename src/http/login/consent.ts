import { html, type SafeHtml } from '@remix-run/html-template';
import type { HandoverAsk } from '../../login/handovers.ts';
import type { Session } from '../../login/session.ts';
import type { Choices } from '../../policy/choices.ts';
import type { Grant } from '../../policy/policy.ts';
import { type Form, text } from '../oauth/form.ts';
import { lifetime } from '../../lifetime.ts';
import { facts, hidden } from '../pages/elements.ts';
import { personName, theirs } from '../pages/words/text.ts';
import { moment } from '../pages/words/time.ts';
import { denialText } from './denial-text.ts';
import { roleAllows } from './role-card.ts';

/** What the user is asked to agree to. */
export interface Consent {
  readonly action: '/authorize' | '/device';
  readonly heading: string;
  readonly session: Session;
  readonly ask: HandoverAsk;
  readonly choices: Choices;
  /** What is known about the program besides its name. */
  readonly about: readonly (readonly [name: string, value: SafeHtml | string])[];
  /** Parameters of the request that the form repeats. */
  readonly repeats: Readonly<Record<string, string | undefined>>;
  /** What to check before agreeing. */
  readonly warning: string;
  /** The page was shown to another session, and sent by the user who is signed in now. */
  readonly again?: boolean;
}

/**
 * The question before a program gets a credential: which program, which role, what it allows, and for
 * how long. The user sees all of that before agreeing.
 */
export function consentBody(consent: Consent): SafeHtml {
  const { action, heading, session, ask, choices, about, repeats, warning, again } = consent;
  const grants = offered(ask, choices);
  return html`<form class="card" method="post" action="${action}">
<h1>${heading}</h1>
${again === true ? html`<p class="card notice warn" role="alert">You are now signed in as <strong>${personName(session.identity)}</strong>. Check again before you agree.</p>` : undefined}
<p class="lead">It would act in NATS as you, ${personName(session.identity)}.</p>
${facts([
  [
    'Program',
    html`<strong>${theirs(ask.program, 100)}</strong> <span class="muted">(it says)</span>`,
  ],
  ...about,
  ['Key', html`<code>${shortened(ask.userPublicKey)}</code>`],
  ...(grants.length > 0
    ? [
        ['Valid for', validFor(ask, grants)] as const,
        [
          'Renewed',
          html`without asking you, until your session ends: ${moment(session.endsAt)}`,
        ] as const,
      ]
    : []),
])}
${hidden({ ...repeats, session: session.id })}
${grants.length === 0 ? nothing(ask, choices) : roleChoice(grants)}
${grants.length === 0 ? undefined : html`<p class="card notice warn">${warning}</p>`}
<div class="actions">${
    grants.length === 0
      ? undefined
      : html`<button class="button" type="submit" name="decision" value="agree">Agree</button>`
  }<button class="button secondary" type="submit" name="decision" value="refuse">${action === '/device' ? 'Refuse' : 'Cancel'}</button></div>
</form>`;
}

/** Whether the form was sent from the session that it was shown to; tabs outlive a sign-in. Not a secret: it only distinguishes two sign-ins. */
export function isOfSession(form: Form, { id }: Session): boolean {
  return text(form, 'session') === id;
}

/** The roles to choose from: the one that the program requests, or all. */
function offered({ role }: HandoverAsk, { grants }: Choices): readonly Grant[] {
  return role === undefined ? grants : grants.filter((grant) => grant.role.name === role);
}

/** The chosen grant; undefined for a role that was not offered. */
export function chosen(
  ask: HandoverAsk,
  choices: Choices,
  role: string | undefined,
): Grant | undefined {
  const grants = offered(ask, choices);
  return role === undefined && grants.length > 1
    ? undefined
    : grants.find((grant) => role === undefined || grant.role.name === role);
}

function roleChoice(grants: readonly Grant[]): SafeHtml {
  const [only] = grants;
  if (only !== undefined && grants.length === 1) {
    return html`<section aria-labelledby="role"><h2 id="role">It gets the role ${only.role.name} <span class="tag">account ${only.role.account}</span></h2>
${only.role.description === undefined ? undefined : html`<p class="muted">${only.role.description}</p>`}
${hidden({ role: only.role.name })}${roleAllows(only, 'h3')}</section>`;
  }
  return html`<fieldset><legend><h2>Which role does it get?</h2></legend>${grants.map(option)}</fieldset>`;
}

function option(grant: Grant, index: number): SafeHtml {
  const { name, account, description } = grant.role;
  const id = `role-${index}`;
  return html`<div class="choice"><input type="radio" name="role" value="${name}" id="${id}" required${index === 0 ? html` checked` : undefined}>
<div><label for="${id}"><strong>${name}</strong> <span class="tag">account ${account}</span></label>
${description === undefined ? undefined : html`<p class="muted">${description}</p>`}
<details><summary>What ${name} allows</summary>${roleAllows(grant, 'h3')}</details></div></div>`;
}

function nothing({ role }: HandoverAsk, { grants, denial }: Choices): SafeHtml {
  return html`<div class="card notice warn">${
    grants.length === 0
      ? html`<h2>You have no access</h2>${denial && denialText(denial)}`
      : html`<h2>You cannot take this role</h2><p>The program requests the role <code>${theirs(role ?? '')}</code>. Your roles are: ${grants.map(({ role }) => role.name).join(', ')}.</p>`
  }<p>No credential can be issued.</p></div>`;
}

function validFor({ ttlSeconds }: HandoverAsk, grants: readonly Grant[]): string {
  const longest = Math.max(...grants.map(({ role }) => role.maxTtlSeconds));
  const seconds = Math.min(ttlSeconds ?? longest, longest);
  return `${grants.length > 1 && ttlSeconds === undefined ? 'up to ' : ''}${lifetime(seconds)}`;
}

/** `UABCD…WXYZ`: enough to compare. */
function shortened(key: string): string {
  return `${key.slice(0, 7)}…${key.slice(-5)}`;
}
