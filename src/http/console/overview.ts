import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import type { AuditEvent } from '../../audit/event.ts';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { nowOf } from '../pages/words/time.ts';
import { admitted } from './administrator.ts';
import type { ActivityAnswer, ConsolePageDeps } from './deps.ts';
import { part, sendConsolePage } from './frame.ts';
import { keyRings, rotateForm } from './keys/key-rings.ts';
import { fields } from './query.ts';
import { summary, warningList } from './summary.ts';
import { activityTable } from './tables/activity-table.ts';

/** How many of the latest records to show. */
const LATEST = 15;

/** What someone did, or tried to do. Keys change state by themselves and more often: they are in the timeline. */
const LATEST_TYPES = [
  'issued',
  'denied',
  'rejected',
  'login',
  'admin',
  'revocation',
] as const satisfies AuditEvent['type'][];

/** `GET /console`: the overview. */
export function overviewRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  app.get('/console', pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const asked = fields(request.query, ['role']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { deps }, asked);
      return sendConsolePage(deps, { request, reply }, administrator, {
        title: 'Overview',
        tab: '/console',
        live: true,
        body: await overview(deps, asked.role),
      });
    }),
  );
}

async function overview(deps: ConsolePageDeps, role: string | undefined): Promise<SafeHtml> {
  const { answers, console } = deps;
  const [keys, counted] = await Promise.all([answers.keys(), answers.counted()]);
  const now = nowOf(deps);
  const latest = console.activity({ types: LATEST_TYPES, limit: LATEST });
  const rotates =
    !(keys instanceof Refusal) && keys.accounts.some((account) => account.keys.length > 0);
  const warnings = console.warnings();
  const status = deps.status?.() ?? {};
  return html`${part('summary', 'Right now', summary({ status, keys, counted, warnings }))}
${part(
  'keys',
  'Signing keys',
  keys instanceof Refusal ? refused(keys) : keyRings(keys, { now, role }),
  rotates ? rotateForm({}, 'Rotate all keys') : undefined,
)}
${part('activity', 'Latest activity', latestTable(latest, now), html`<a href="/console/activity">All activity</a>`)}
${part('configuration', 'Configuration', warningList(warnings))}`;
}

/** The log is searched for only a few milliseconds: the overview is requested again and again. */
function latestTable({ events, next }: ActivityAnswer, now: number): SafeHtml {
  return events.length === 0 && next !== undefined
    ? html`<p class="muted">All recent records are of automatic actions.</p>`
    : activityTable(events, now);
}

/** If one part cannot be shown, the others still are. */
function refused({ message }: Refusal): SafeHtml {
  return html`<div class="card notice warn"><p>${message}</p></div>`;
}
