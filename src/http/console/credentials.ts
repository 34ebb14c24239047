import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { CredentialsAnswer } from '../admin/actions.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { plain, theirs } from '../pages/text.ts';
import { nowOf } from '../pages/time.ts';
import { admitted } from './admitted.ts';
import type { ConsoleParts } from './doors.ts';
import { filterForm, pager } from './filters.ts';
import { part, scroll, sendConsolePage } from './frame.ts';
import { fields, link } from './query.ts';
import { counted, shortKey, when } from './words.ts';

const PAGE = 100;
const PATH = '/console/credentials';

const FIELDS = ['issuer', 'subject', 'role', 'binding', 'account', 'user'] as const;

const LABELS = {
  issuer: 'Issuer',
  subject: 'Subject',
  role: 'Role',
  binding: 'Binding',
  account: 'Account',
  user: 'User key',
} as const;

/** `GET /console/credentials`: whom the servers let in right now. */
export function credentialsRoute(app: FastifyInstance, doors: ConsoleParts): void {
  app.get(PATH, pageRoute(doors), (request, reply) =>
    admitted(doors, { request, reply }, async (administrator) => {
      const asked = fields(request.query, [...FIELDS, 'cursor']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { doors }, asked);
      const { cursor, ...filter } = asked;
      const found = await doors.console.admin.actions.credentials({
        ...filter,
        limit: PAGE,
        ...(cursor !== undefined && { cursor }),
      });
      if (found instanceof Refusal) {
        return sendRefusalPage(reply, { doors, session: administrator.session }, found);
      }
      const { credentials, next, total } = found;
      return sendConsolePage(doors, { request, reply }, administrator, {
        title: 'Credentials',
        tab: PATH,
        live: true,
        body: html`${filterForm(
          PATH,
          'Filter credentials',
          FIELDS.map((name) => ({ name, label: LABELS[name], value: filter[name] })),
        )}
${part('credentials', 'Alive', table(credentials, nowOf(doors)), total === undefined ? undefined : html`<span class="tag">${counted(total, 'credential')}</span>`)}
${pager(PATH, filter, [
  ['First', cursor === undefined ? undefined : {}],
  ['Next', next === null ? undefined : { cursor: next }],
])}`,
      });
    }),
  );
}

type Credential = CredentialsAnswer['credentials'][number];

function table(credentials: readonly Credential[], now: number): SafeHtml {
  if (credentials.length === 0) return html`<p class="muted">There is no such credential.</p>`;
  return scroll(
    'Table of credentials',
    html`<table class="records"><thead><tr><th scope="col">Who</th><th scope="col">Role</th><th scope="col">Account</th><th scope="col">User key</th><th scope="col">Issued</th><th scope="col">Ends</th><th scope="col"><span class="hidden">Action</span></th></tr></thead><tbody>${credentials.map(
      (credential) => row(credential, now),
    )}</tbody></table>`,
  );
}

function row(credential: Credential, now: number): SafeHtml {
  const { user, account, role, binding, issuer, subject, actor } = credential;
  const revoke = link('/console/revoke', { issuer, subject, nkey: user, role, binding });
  return html`<tr><td><a href="${link(PATH, { issuer, subject })}">${theirs(subject)}</a> <span class="muted">at ${theirs(issuer)}${
    actor && html`, by ${theirs(actor.subject)} at ${theirs(actor.issuer)}`
  }</span></td><td><a href="${link(PATH, { role })}">${role}</a><br><span class="muted">by ${binding}</span></td><td>${account}</td><td>${shortKey(user)}</td><td>${when(credential.issued_at, now)}</td><td>${when(credential.expires_at, now)}</td><td><a href="${revoke}" aria-label="Revoke ${plain(subject, 60)}, or only the key ${user.slice(0, 8)}…">Revoke…</a></td></tr>`;
}
