import { setImmediate as turn } from 'node:timers/promises';
import { html } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { type AuditEvent, EVENT_TYPES } from '../../audit/event.ts';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { nowOf } from '../pages/words/time.ts';
import { admitted } from './administrator.ts';
import type { ActivityAnswer, ActivityAsk, ConsolePageDeps, ConsoleSource } from './deps.ts';
import { filterForm, optionsOf, pager } from './filters.ts';
import { part, sendConsolePage } from './frame.ts';
import { fields } from './query.ts';
import { activityTable } from './tables/activity-table.ts';
import { counted } from './words.ts';

const PAGE = 100;

/** How often the search continues for one page, yielding to other work in between. */
const MAX_SEARCHES = 25;

const FIELDS = ['type', 'issuer', 'subject', 'role', 'reason'] as const;

/** `GET /console/activity`: the records of the audit log, the newest first. */
export function activityRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  app.get('/console/activity', pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const asked = fields(request.query, [...FIELDS, 'before', 'after']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { deps }, asked);
      const { before, after, ...filter } = asked;
      const ask = askOf(filter);
      if (ask instanceof Refusal) return sendRefusalPage(reply, { deps }, ask);
      const place = before === undefined ? after && { after } : { before };
      const found = await search(deps.console, { ...ask, ...place });
      return sendConsolePage(deps, { request, reply }, administrator, {
        title: 'Activity',
        tab: '/console/activity',
        live: true,
        body: html`${filterForm('/console/activity', 'Filter records', formFields(deps, filter))}
${part('activity', 'Records', html`${activityTable(found.events, nowOf(deps))}${unfinished(found)}`)}
${pager('/console/activity', filter, [
  ['Newest', found.newer === undefined ? undefined : {}],
  ['Newer', found.newer === undefined ? undefined : { after: found.newer }],
  ['Older', found.next === undefined ? undefined : { before: found.next }],
])}`,
      });
    }),
  );
}

type Filter = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

function askOf({ type, issuer, ...filter }: Filter): ActivityAsk | Refusal {
  const known = EVENT_TYPES.find((one) => one === type);
  if (type !== undefined && known === undefined) {
    return new Refusal('parameter_invalid', `The type must be one of ${EVENT_TYPES.join(', ')}.`);
  }
  return {
    ...filter,
    ...(known !== undefined && { type: known }),
    ...(issuer !== undefined && { issuerName: issuer }),
    limit: PAGE,
  };
}

function formFields(deps: ConsolePageDeps, filter: Filter) {
  return FIELDS.map((name) => ({
    name,
    label: LABELS[name],
    value: filter[name],
    options: optionsOf(deps, name),
  }));
}

const LABELS = {
  type: 'Type',
  issuer: 'Issuer',
  subject: 'Subject',
  role: 'Role',
  reason: 'Reason',
} as const;

/** A full page, or what a bounded search finds of it. The newest page is always full. */
async function search(source: ConsoleSource, ask: ActivityAsk): Promise<ActivityAnswer> {
  const first = source.activity(ask);
  if (ask.after !== undefined) {
    if (first.newer !== undefined) return first;
    const { after: _, ...newest } = ask;
    return search(source, newest);
  }
  const events: AuditEvent[] = [...first.events];
  let { next } = first;
  for (let searches = 1; searches < MAX_SEARCHES && events.length < ask.limit; searches += 1) {
    if (next === undefined) break;
    await turn();
    const more = source.activity({ ...ask, before: next, limit: ask.limit - events.length });
    events.push(...more.events);
    ({ next } = more);
  }
  return { events, next, newer: first.newer };
}

/** If few records match a filter, searching the rest of a large log takes another click. */
function unfinished({ events, next }: ActivityAnswer) {
  if (next === undefined || events.length >= PAGE) return undefined;
  return html`<p class="muted">${counted(events.length, 'record')} found so far. Choose “Older” to search further back.</p>`;
}
