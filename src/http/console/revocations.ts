import { html } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { nowOf } from '../pages/words/time.ts';
import { admitted } from './administrator.ts';
import type { ConsolePageDeps } from './deps.ts';
import { pager } from './filters.ts';
import { part, sendConsolePage } from './frame.ts';
import { fields } from './query.ts';
import { revocationTable } from './tables/revocation-table.ts';
import { counted } from './words.ts';

const PAGE = 100;
const PATH = '/console/revocations';

/** `GET /console/revocations`: the revocations in force. */
export function revocationsRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  app.get(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const asked = fields(request.query, ['page']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { deps }, asked);
      const answer = await deps.console.admin.actions.revocations();
      if (answer instanceof Refusal) {
        return sendRefusalPage(reply, { deps, session: administrator.session }, answer);
      }
      const { revocations } = answer;
      const page = pageNumber(asked.page, revocations.length);
      const shown = revocations.slice((page - 1) * PAGE, page * PAGE);
      return sendConsolePage(deps, { request, reply }, administrator, {
        title: 'Revocations',
        tab: PATH,
        live: true,
        body: html`<p class="actions"><a class="button danger" href="/console/revoke">Revoke someone…</a></p>
${part('revocations', 'In force', revocationTable(shown, nowOf(deps)), html`<span class="tag">${counted(revocations.length, 'revocation')}</span>`)}
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
