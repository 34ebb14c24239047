import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import type { AccountAnswer, KeyAnswer, KeysAnswer } from '../../../admin-api/keys.ts';
import { Refusal } from '../../../errors.ts';
import { pageRoute } from '../../pages/route.ts';
import { admitted } from '../administrator.ts';
import type { ConsolePageDeps } from '../deps.ts';
import { reach, setNotice } from '../notice.ts';
import { fields } from '../query.ts';
import { shortKey, slotName } from '../words.ts';
import {
  CONFIRMED,
  REASON_PROBLEM,
  reasonField,
  reasonOf,
  sendConfirmation,
} from './confirmation.ts';
import { sendRefused } from './refused.ts';

const PATH = '/console/keys/revoke';

/** `POST /console/keys/revoke`: for emergencies. Disconnects everyone whose credential the key signed. */
export function revokeKeyRoute(app: FastifyInstance, deps: ConsolePageDeps): void {
  const { actions } = deps.console.admin;
  app.post(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const refused = (refusal: Refusal) =>
        sendRefused(deps, { request, reply }, administrator, { tab: '/console', refusal });
      const asked = fields(request.body, ['key', 'reason', CONFIRMED]);
      if (asked instanceof Refusal) return refused(asked);
      const { key = '', [CONFIRMED]: confirmed } = asked;
      const reason = reasonOf(asked.reason);
      if (confirmed === undefined || reason === undefined) {
        const keys = await actions.keys();
        if (keys instanceof Refusal) return refused(keys);
        const found = find(keys, key);
        if (!found) return refused(NO_SUCH_KEY);
        const problem = confirmed === undefined ? undefined : REASON_PROBLEM;
        return sendConfirmation(deps, { request, reply }, administrator, {
          title: 'Revoke a signing key',
          tab: '/console',
          ...(problem !== undefined && { status: 400 }),
          text: forecast(found),
          action: PATH,
          fields: { key },
          inputs: reasonField(asked.reason, problem),
          button: 'Revoke the key',
          danger: true,
        });
      }
      const answer = await actions.revokeKey({ publicKey: key, reason }, administrator.caller);
      if (answer instanceof Refusal) return refused(answer);
      deps.answers.forget();
      const { public_key, credentials_cut: credentials } = answer;
      setNotice(deps, { request, reply }, { done: 'key-revoked', key: public_key, credentials });
      return reply.redirect('/console', 303);
    }),
  );
}

const NO_SUCH_KEY = new Refusal(
  'not_found',
  'There is no signing key in use with this public key.',
);

interface Found {
  readonly account: AccountAnswer;
  readonly key: KeyAnswer;
}

function find({ accounts }: KeysAnswer, publicKey: string): Found | undefined {
  for (const account of accounts) {
    const key = account.keys.find((key) => key.public_key === publicKey && key.state !== 'retired');
    if (key) return { account, key };
  }
  return undefined;
}

function forecast({ account, key }: Found): SafeHtml {
  const { public_key, slot, state, credentials_alive: credentials, sessions } = key;
  const cut =
    account.kind === 'managed'
      ? html`<p>Servers will reject it at once. This ends ${reach({ credentials, sessions })}. Those who still have access get a new credential with their next exchange.</p>`
      : html`<p>You manage the account JWT: until you remove the key from it, anyone who has the key can use it, and nobody is disconnected. This service stops signing with it. Signed with it: ${reach({ credentials, sessions })}.</p>`;
  return html`<p class="lead">${shortKey(public_key)}, ${state}, of ${account.account}, ${slotName(slot)}.</p>
${cut}<p>Do this if the key may have leaked. It cannot be undone.</p>`;
}
