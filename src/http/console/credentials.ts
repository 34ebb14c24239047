import { html } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { nowOf } from '../pages/words/time.ts';
import { admitted } from './administrator.ts';
import type { ConsoleParts } from './deps.ts';
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
          FIELDS.map((name) => ({
            name,
            label: LABELS[name],
            value: filter[name],
            options: optionsOf(doors, name),
          })),
        )}
${part('credentials', 'Alive', credentialTable(credentials, nowOf(doors)), html`<span class="tag">${counted(total, 'credential')}</span>`)}
${pager(PATH, filter, [
  ['First', cursor === undefined ? undefined : {}],
  ['Next', next === null ? undefined : { cursor: next }],
])}`,
      });
    }),
  );
}
