import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { nowOf } from '../pages/time.ts';
import { activityTable } from './activity-table.ts';
import { admitted } from './admitted.ts';
import type { ConsoleParts } from './doors.ts';
import { part, sendConsolePage } from './frame.ts';
import { keyRings, rotateForm } from './keys.ts';
import { fields } from './query.ts';
import { summary, warningList } from './summary.ts';

/** So many records say what goes on right now. */
const LATEST = 15;

/** `GET /console`: what there is to know at a glance. */
export function overviewRoute(app: FastifyInstance, doors: ConsoleParts): void {
  app.get('/console', pageRoute(doors), (request, reply) =>
    admitted(doors, { request, reply }, async (administrator) => {
      const asked = fields(request.query, ['role']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { doors }, asked);
      return sendConsolePage(doors, { request, reply }, administrator, {
        title: 'Overview',
        tab: '/console',
        live: true,
        body: await overview(doors, asked.role),
      });
    }),
  );
}

async function overview(doors: ConsoleParts, role: string | undefined): Promise<SafeHtml> {
  const { answers, console } = doors;
  const [keys, counted] = await Promise.all([answers.keys(), answers.counted()]);
  const now = nowOf(doors);
  const { events } = console.activity({ limit: LATEST });
  const rotates =
    !(keys instanceof Refusal) && keys.accounts.some((account) => account.keys.length > 0);
  const warnings = console.warnings();
  const status = doors.status?.() ?? {};
  return html`${part('summary', 'Right now', summary({ status, keys, counted, warnings }))}
${part(
  'keys',
  'Signing keys',
  keys instanceof Refusal ? refused(keys) : keyRings(keys, { now, role }),
  rotates ? rotateForm({}, 'Rotate all keys') : undefined,
)}
${part('activity', 'Latest activity', activityTable(events, now), html`<a href="/console/activity">All activity</a>`)}
${part('configuration', 'Configuration', warningList(warnings))}`;
}

/** One part that can't be shown takes nothing from the others. */
function refused({ message }: Refusal): SafeHtml {
  return html`<div class="card notice warn"><p>${message}</p></div>`;
}
