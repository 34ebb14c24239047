import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import type { RevocationsAnswer } from '../../admin-api/revocations.ts';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { plain, theirs } from '../pages/words/text.ts';
import { nowOf } from '../pages/words/time.ts';
import { type Administrator, admitted } from './administrator.ts';
import type { ConsolePageDeps } from './deps.ts';
import { part, sendConsolePage } from './frame.ts';
import { fields, link } from './query.ts';
import { activityTable } from './tables/activity-table.ts';
import { credentialTable } from './tables/credential-table.ts';
import { IDENTITY_PATH } from './tables/identity-link.ts';
import { revocationTable } from './tables/revocation-table.ts';
import { copyButton, counted } from './words.ts';

/** How many of each kind to show. */
const LATEST = 20;

const MISSING = new Refusal('parameter_missing', 'Name an identity by issuer and subject.');

interface Named {
  readonly issuer: string;
  readonly subject: string;
}

/** `GET /console/identity`: everything known about one identity, and a button to revoke it. */
export function identityRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  app.get(IDENTITY_PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const refused = (refusal: Refusal) =>
        sendRefusalPage(reply, { deps, session: administrator.session }, refusal);
      const asked = fields(request.query, ['issuer', 'subject']);
      if (asked instanceof Refusal) return refused(asked);
      const { issuer, subject } = asked;
      if (issuer === undefined || subject === undefined) return refused(MISSING);
      const body = await identityBody(deps, { issuer, subject }, administrator);
      if (body instanceof Refusal) return refused(body);
      return sendConsolePage(deps, { request, reply }, administrator, {
        title: plain(subject, 60),
        tab: '/console/credentials',
        live: true,
        body,
      });
    }),
  );
}

async function identityBody(
  deps: ConsolePageDeps,
  named: Named,
  { caller }: Administrator,
): Promise<SafeHtml | Refusal> {
  const { actions } = deps.console.admin;
  const revoking = { target: named, reason: '', block: false, dryRun: true };
  const [credentials, revocations, reach] = await Promise.all([
    actions.credentials({ ...named, limit: LATEST }),
    actions.revocations(),
    actions.revoke(revoking, caller),
  ]);
  if (credentials instanceof Refusal) return credentials;
  if (revocations instanceof Refusal) return revocations;
  const now = nowOf(deps);
  const mine = revocations.revocations.filter(({ target }) => isOf(target, named));
  const { total } = credentials;
  const sessions = reach instanceof Refusal ? null : reach.sessions;
  return html`${heading(named)}
${part(
  'credentials',
  'Credentials',
  credentialTable(credentials.credentials, now),
  html`<span class="tag">${counted(total, 'credential')}</span>${
    sessions === null
      ? undefined
      : html`<span class="tag">${counted(sessions, 'live connection')}</span>`
  }${total > LATEST ? html`<a href="${link('/console/credentials', { ...named })}">All</a>` : undefined}`,
)}
${mine.length === 0 ? undefined : part('revocations', 'Revocations', revocationTable(mine, now))}
${records(deps, named, { name: 'refusals', title: 'Latest refusals', types: ['denied'] })}
${records(deps, named, { name: 'sign-ins', title: 'Latest sign-ins', types: ['login'] })}
<p><a href="${link('/console/activity', { ...named })}">All activity of this identity</a></p>`;
}

function heading(named: Named): SafeHtml {
  const { issuer, subject } = named;
  return html`<dl class="facts"><div><dt>Issuer</dt><dd>${theirs(issuer)}</dd></div><div><dt>Subject</dt><dd><code>${theirs(subject)}</code>${copyButton(subject)}</dd></div></dl>
<p class="actions"><a class="button danger" href="${link('/console/revoke', { kind: 'identity', ...named })}">Revoke…</a></p>`;
}

function isOf(target: RevocationsAnswer['revocations'][number]['target'], named: Named): boolean {
  return 'issuer' in target && target.issuer === named.issuer && target.subject === named.subject;
}

interface Kind {
  readonly name: string;
  readonly title: string;
  readonly types: readonly ('denied' | 'login')[];
}

/** The newest records of one kind that a bounded search finds. */
function records(
  deps: ConsolePageDeps,
  { issuer, subject }: Named,
  { name, title, types }: Kind,
): SafeHtml {
  const ask = { types, issuerName: issuer, subject, limit: LATEST };
  const { events } = deps.console.activity(ask);
  return part(name, title, activityTable(events, nowOf(deps)));
}
