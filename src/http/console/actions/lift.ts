import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import type { RevocationsAnswer } from '../../../admin-api/revocations.ts';
import { Refusal } from '../../../errors.ts';
import { pageRoute } from '../../pages/route.ts';
import { theirs } from '../../pages/words/text.ts';
import { admitted } from '../administrator.ts';
import type { ConsolePageDeps } from '../deps.ts';
import { setNotice } from '../notice.ts';
import { fields } from '../query.ts';
import { targetText } from '../tables/revocation-table.ts';
import { counted } from '../words.ts';
import { CONFIRMED, sendConfirmation } from './confirmation.ts';
import { sendRefused } from './refused.ts';

const PATH = '/console/revocations/lift';

/** `POST /console/revocations/lift`: lifts a revocation: the policy alone decides again. */
export function liftRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  const { actions } = deps.console.admin;
  app.post(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const refused = (refusal: Refusal) =>
        sendRefused(deps, { request, reply }, administrator, {
          tab: '/console/revocations',
          refusal,
        });
      const asked = fields(request.body, ['id', CONFIRMED]);
      if (asked instanceof Refusal) return refused(asked);
      const { id = '', [CONFIRMED]: confirmed } = asked;
      if (confirmed === undefined) {
        const answer = await actions.revocations();
        if (answer instanceof Refusal) return refused(answer);
        const found = answer.revocations.find((revocation) => revocation.id === id);
        if (!found) return refused(NONE);
        return sendConfirmation(deps, { request, reply }, administrator, {
          title: 'Lift a revocation',
          tab: '/console/revocations',
          text: forecast(found),
          action: PATH,
          fields: { id },
          button: 'Lift it',
          danger: false,
        });
      }
      const refusal = await actions.lift(id, administrator.caller);
      if (refusal) return refused(refusal);
      deps.answers.forget();
      setNotice(deps, { request, reply }, { done: 'lifted', id });
      return reply.redirect('/console/revocations', 303);
    }),
  );
}

const NONE = new Refusal('not_found', 'There is no revocation with this ID.');

function forecast({
  target,
  reason,
  credentials,
}: RevocationsAnswer['revocations'][number]): SafeHtml {
  return html`<p class="lead">Lift the revocation of ${targetText(target)}? The reason given: “${theirs(reason, 500)}”.</p>
<p>The policy alone decides from then on. ${counted(credentials, 'revoked user')} ${credentials === 1 ? 'has' : 'have'} not expired and will be let in again.</p>`;
}
