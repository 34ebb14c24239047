import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { RevocationsAnswer } from '../admin/actions.ts';
import { hidden } from '../pages/parts.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { theirs } from '../pages/text.ts';
import { nowOf } from '../pages/time.ts';
import { admitted } from './admitted.ts';
import type { ConsoleParts } from './doors.ts';
import { pager } from './filters.ts';
import { part, scroll, sendConsolePage } from './frame.ts';
import { fields } from './query.ts';
import { targetText } from './target-text.ts';
import { counted, when } from './words.ts';

const PAGE = 100;
const PATH = '/console/revocations';

/** `GET /console/revocations`: who is cut off. */
export function revocationsRoute(app: FastifyInstance, doors: ConsoleParts): void {
  app.get(PATH, pageRoute(doors), (request, reply) =>
    admitted(doors, { request, reply }, async (administrator) => {
      const asked = fields(request.query, ['page']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { doors }, asked);
      const answer = await doors.console.admin.actions.revocations();
      if (answer instanceof Refusal) {
        return sendRefusalPage(reply, { doors, session: administrator.session }, answer);
      }
      const { revocations } = answer;
      const page = pageNumber(asked.page, revocations.length);
      const shown = revocations.slice((page - 1) * PAGE, page * PAGE);
      return sendConsolePage(doors, { request, reply }, administrator, {
        title: 'Revocations',
        tab: PATH,
        live: true,
        body: html`<p class="actions"><a class="button danger" href="/console/revoke">Revoke someone…</a></p>
${part('revocations', 'In force', table(shown, nowOf(doors)), html`<span class="tag">${counted(revocations.length, 'revocation')}</span>`)}
${pager(PATH, {}, [
  ['Newer', page > 1 ? { page: String(page - 1) } : undefined],
  ['Older', page * PAGE < revocations.length ? { page: String(page + 1) } : undefined],
])}`,
      });
    }),
  );
}

/** From 1; the last page for numbers beyond it. */
function pageNumber(text: string | undefined, rows: number): number {
  const last = Math.max(1, Math.ceil(rows / PAGE));
  return /^[1-9]\d{0,8}$/.test(text ?? '') ? Math.min(Number(text), last) : 1;
}

type Revocation = RevocationsAnswer['revocations'][number];

function table(revocations: readonly Revocation[], now: number): SafeHtml {
  if (revocations.length === 0) return html`<p class="muted">Nobody is revoked.</p>`;
  return scroll(
    'Table of revocations',
    html`<table class="records"><thead><tr><th scope="col">Whom</th><th scope="col">Why</th><th scope="col">Since</th><th scope="col">Until</th><th scope="col">Still cut</th><th scope="col">By</th><th scope="col">Id</th><th scope="col"><span class="hidden">Action</span></th></tr></thead><tbody>${revocations.map(
      (revocation) => row(revocation, now),
    )}</tbody></table>`,
  );
}

function row({ id, target, reason, block, at, until, by, credentials }: Revocation, now: number) {
  const end = block ? html`<span class="tag bad">lifted by hand</span>` : when(until, now);
  return html`<tr><td>${targetText(target)}</td><td>${theirs(reason, 500)}</td><td>${when(at, now)}</td><td>${end}</td><td>${counted(credentials, 'user')}</td><td>${theirs(by.subject)} <span class="muted">at ${theirs(by.issuer)}</span></td><td><code>${id}</code></td><td><form method="post" action="/console/revocations/lift">${hidden({ id })}<button class="quiet" type="submit" aria-label="Lift ${id}">Lift…</button></form></td></tr>`;
}
