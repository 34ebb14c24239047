import { html } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { nowOf } from '../pages/words/time.ts';
import { admitted } from './administrator.ts';
import type { ConsolePageDeps } from './deps.ts';
import { filterForm, optionsOf, pager } from './filters.ts';
import { part, sendConsolePage } from './frame.ts';
import { fields } from './query.ts';
import { credentialTable } from './tables/credential-table.ts';
import { counted } from './words.ts';

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

/** `GET /console/credentials`: the credentials that are valid right now. */
export function credentialsRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  app.get(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const asked = fields(request.query, [...FIELDS, 'cursor']);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { deps }, asked);
      const { cursor, ...filter } = asked;
      const found = await deps.console.admin.actions.credentials({
        ...filter,
        limit: PAGE,
        ...(cursor !== undefined && { cursor }),
      });
      if (found instanceof Refusal) {
        return sendRefusalPage(reply, { deps, session: administrator.session }, found);
      }
      const { credentials, next, total } = found;
      return sendConsolePage(deps, { request, reply }, administrator, {
        title: 'Credentials',
        tab: PATH,
        live: true,
        body: html`${filterForm(
          PATH,
          'Filter credentials',
          FIELDS.map((name) => ({
            name,
            label: LABELS[name],
            value: filter[name],
            options: optionsOf(deps, name),
          })),
        )}
${part('credentials', 'Valid now', credentialTable(credentials, nowOf(deps)), html`<span class="tag">${counted(total, 'credential')}</span>`)}
${pager(PATH, filter, [
  ['First', cursor === undefined ? undefined : {}],
  ['Next', next === null ? undefined : { cursor: next }],
])}`,
      });
    }),
  );
}
