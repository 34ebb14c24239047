import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RevokeAnswer } from '../../../admin-api/revocations.ts';
import { Refusal } from '../../../errors.ts';
import type { RevokeAsk } from '../../admin/actions.ts';
import { targetOf } from '../../admin/target.ts';
import { sendRefusalPage } from '../../pages/refusal-page.ts';
import { pageRoute } from '../../pages/route.ts';
import { theirs } from '../../pages/words/text.ts';
import { statusOf } from '../../refusals/status.ts';
import { type Administrator, admitted, type Exchange } from '../administrator.ts';
import type { ConsolePageDeps } from '../deps.ts';
import { sendConsolePage } from '../frame.ts';
import { reach, setNotice } from '../notice.ts';
import { fields } from '../query.ts';
import { targetText } from '../tables/revocation-table.ts';
import { counted } from '../words.ts';
import { CONFIRMED, REASON_PROBLEM, reasonOf, sendConfirmation } from './confirmation.ts';
import { FIELDS, type RevokeFields, revokeForm } from './revoke-form.ts';

const PATH = '/console/revoke';

/** `/console/revoke`: the form, the preview, and the revocation itself. */
export function revokeRoutes(app: FastifyInstance, deps: ConsolePageDeps): void {
  app.get(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const asked = fields(request.query, FIELDS);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { deps }, asked);
      return sendForm(deps, { request, reply }, administrator, { form: asked });
    }),
  );
  app.post(PATH, pageRoute(deps), (request, reply) =>
    admitted(deps, { request, reply }, async (administrator) => {
      const asked = fields(request.body, [...FIELDS, CONFIRMED]);
      if (asked instanceof Refusal) return sendRefusalPage(reply, { deps }, asked);
      const { [CONFIRMED]: confirmed, ...form } = asked;
      return revoke(deps, { request, reply }, administrator, {
        form,
        dryRun: confirmed === undefined,
      });
    }),
  );
}

async function revoke(
  deps: ConsolePageDeps,
  exchange: Exchange,
  administrator: Administrator,
  { form, dryRun }: { readonly form: RevokeFields; readonly dryRun: boolean },
): Promise<FastifyReply> {
  const ask = askOf(form);
  const answer =
    ask instanceof Refusal
      ? ask
      : await deps.console.admin.actions.revoke({ ...ask, dryRun }, administrator.caller);
  if (ask instanceof Refusal || answer instanceof Refusal) {
    const problem = answer instanceof Refusal ? answer : undefined;
    return sendForm(deps, exchange, administrator, { form, ...(problem && { problem }) });
  }
  if (dryRun) {
    return sendConfirmation(deps, exchange, administrator, {
      title: ask.block ? 'Revoke and block' : 'Revoke',
      tab: '/console/revocations',
      text: forecast(answer, ask.reason),
      action: PATH,
      fields: { ...form },
      button: ask.block ? 'Revoke and block' : 'Revoke',
      danger: true,
    });
  }
  deps.answers.forget();
  const { id = '', credentials, credentials_not_cut, sessions } = answer;
  const cut = credentials - credentials_not_cut;
  setNotice(deps, exchange, { done: 'revoked', id, credentials: cut, sessions });
  return exchange.reply.redirect('/console/revocations', 303);
}

/** Only the fields of the chosen kind count; the others are ignored. */
function askOf({ kind, issuer, subject, nkey, role, binding, block, ...form }: RevokeFields) {
  const named = {
    identity: {
      ...(issuer !== undefined && { issuer }),
      ...(subject !== undefined && { subject }),
    },
    nkey: { ...(nkey !== undefined && { nkey }) },
    role: { ...(role !== undefined && { role }) },
    binding: { ...(binding !== undefined && { binding }) },
  };
  const chosen = Object.entries(named).find(([name]) => name === kind)?.[1];
  if (!chosen) return new Refusal('parameter_missing', 'Choose what to revoke.');
  const target = targetOf(chosen);
  if (target instanceof Refusal) return target;
  const reason = reasonOf(form.reason);
  if (reason === undefined) return new Refusal('parameter_missing', REASON_PROBLEM);
  return { target, reason, block: block !== undefined } satisfies Omit<RevokeAsk, 'dryRun'>;
}

function sendForm(
  deps: ConsolePageDeps,
  exchange: Exchange,
  administrator: Administrator,
  { form, problem }: { readonly form: RevokeFields; readonly problem?: Refusal },
): FastifyReply {
  return sendConsolePage(deps, exchange, administrator, {
    title: 'Revoke',
    tab: '/console/revocations',
    ...(problem && { status: statusOf(problem) }),
    body: revokeForm(deps, PATH, form, problem?.message),
  });
}

function forecast({ target, block, ...counts }: RevokeAnswer, reason: string): SafeHtml {
  const { credentials, credentials_not_cut: notCut, sessions } = counts;
  return html`<p class="lead">Revoke ${targetText(target)}? The reason given: “${theirs(reason, 500)}”.</p>
<p>This ends ${reach({ credentials: credentials - notCut, sessions })}.</p>
${
  notCut === 0
    ? undefined
    : html`<p>${counted(notCut, 'more credential')} ${notCut === 1 ? 'belongs' : 'belong'} to accounts whose JWT this service does not publish, and ${notCut === 1 ? 'stays' : 'stay'} valid until expiry.</p>`
}
<p>${
    block
      ? 'All of their requests are denied until someone lifts the revocation.'
      : 'Tokens from before the revocation are rejected; a new token from the provider restores access.'
  }</p>`;
}
