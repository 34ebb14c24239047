import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import type { KeysAnswer, RotateAnswer } from '../../../admin-api/keys.ts';
import { Refusal } from '../../../errors.ts';
import type { RotateAsk } from '../../admin/actions.ts';
import { pageRoute } from '../../pages/route.ts';
import { admitted } from '../administrator.ts';
import type { ConsolePageDeps } from '../deps.ts';
import { setNotice } from '../notice.ts';
import { fields } from '../query.ts';
import { counted } from '../words.ts';
import { CONFIRMED, sendConfirmation } from './confirmation.ts';
import { sendRefused } from './refused.ts';

const PATH = '/console/rotate';

/** `POST /console/rotate`: requests new keys for everything, an account, or a role. */
export function rotateRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  const { actions } = deps.console.admin;
  app.post(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const refused = (refusal: Refusal) =>
        sendRefused(deps, { request, reply }, administrator, { tab: '/console', refusal });
      const asked = fields(request.body, ['account', 'role', CONFIRMED]);
      if (asked instanceof Refusal) return refused(asked);
      const { [CONFIRMED]: confirmed, ...ask } = asked;
      if (confirmed === undefined) {
        const would = await actions.rotate({ ...ask, dryRun: true }, administrator.caller);
        if (would instanceof Refusal) return refused(would);
        const keys = await actions.keys();
        if (keys instanceof Refusal) return refused(keys);
        return sendConfirmation(deps, { request, reply }, administrator, {
          title: 'Rotate keys',
          tab: '/console',
          text: forecast(keys, ask, would),
          action: PATH,
          fields: { ...ask },
          button: 'Rotate',
          danger: false,
        });
      }
      const answer = await actions.rotate(ask, administrator.caller);
      if (answer instanceof Refusal) return refused(answer);
      deps.answers.forget();
      setNotice(deps, { request, reply }, { done: 'rotated', slots: answer.requested.length });
      return reply.redirect('/console', 303);
    }),
  );
}

function forecast(
  { accounts }: KeysAnswer,
  { account, role }: RotateAsk,
  { requested }: RotateAnswer,
): SafeHtml {
  const keys = requested.flatMap(({ account: name, slot }) => {
    const found = accounts.find((one) => one.account === name);
    return found?.keys.filter((key) => key.state === 'active' && key.slot === slot) ?? [];
  });
  const alive = keys.reduce((sum, key) => sum + key.credentials_alive, 0);
  const of =
    role === undefined
      ? account === undefined
        ? 'all accounts'
        : `account ${account}`
      : `role ${role}`;
  return html`<p class="lead">New keys for ${of}: ${counted(keys.length, 'key')} will be replaced.</p>
<p>Nobody is disconnected. Each new key signs once every server has it; ${ofOldKeys(alive)}.</p>`;
}

function ofOldKeys(alive: number): string {
  if (alive === 0) return 'the old keys have no valid credentials';
  const stay = alive === 1 ? 'stays valid until it expires' : 'stay valid until they expire';
  return `${counted(alive, 'credential')} of the old keys ${stay}`;
}
