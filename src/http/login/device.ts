import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { WaitingDevice } from '../../login/handovers.ts';
import type { Session } from '../../login/session.ts';
import type { LoginDeps } from '../deps.ts';
import { type Form, formOf, text } from '../oauth/form.ts';
import { checkIcon } from '../pages/icons.ts';
import { sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, signedIn } from '../pages/session.ts';
import { theirs } from '../pages/words/text.ts';
import { moment } from '../pages/words/time.ts';
import { chosen, consentBody, isOfSession } from './consent.ts';

/** `/device`: the user enters the code of a program on another device, and agrees or refuses (RFC 8628 §3.3). */
export function deviceRoutes(app: FastifyInstance, deps: LoginDeps): void {
  app.get('/device', pageRoute(deps), (request, reply) =>
    signedIn(deps, request, reply, async (session) => {
      const typed = text(formOf(request.query), 'user_code');
      const asked = { request, reply, session };
      return typed === undefined ? sendCodeForm(deps, asked) : question(deps, asked, typed);
    }),
  );
  app.post('/device', pageRoute(deps), (request, reply) =>
    signedIn(deps, request, reply, (session) =>
      answer(deps, { request, reply, session }, formOf(request.body)),
    ),
  );
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly session: Session;
}

function sendCodeForm(
  deps: LoginDeps,
  { reply, session }: Asked,
  wrong?: { readonly refusal: Refusal; readonly typed: string },
): FastifyReply {
  return sendPage(
    reply,
    { deps, session },
    {
      status: wrong ? 400 : 200,
      title: 'Enter a code',
      body: html`<form class="narrow card" method="get" action="/device">
<h1>Enter the code from your device</h1>
<p class="muted"><code>nats-sts login --device</code> shows a code of eight letters.</p>
${wrong && html`<p class="card notice bad" id="wrong" role="alert">Unknown code: it was mistyped, was already used, or is more than ten minutes old.</p>`}
<div class="field"><label for="user-code">Code</label><input class="big" type="text" id="user-code" name="user_code" required autofocus maxlength="20" placeholder="XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" value="${wrong?.typed.slice(0, 20)}"${wrong && html` aria-invalid="true" aria-describedby="wrong"`}></div>
<p class="actions"><button class="button" type="submit">Continue</button></p></form>`,
    },
  );
}

/** The limit by identity slows down guessing. */
async function find(
  deps: LoginDeps,
  { request, reply, session }: Asked,
  typed: string,
  then: (device: WaitingDevice) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const tooOften = await deps.limitIdentity(request, session.identity);
  if (tooOften) return sendRefusalPage(reply, { deps, session }, tooOften);
  const device = await deps.login.handovers.findDevice(typed, session, callerOf(request));
  if (!(device instanceof Refusal)) return then(device);
  return device.reason === 'user_code_unknown'
    ? sendCodeForm(deps, { request, reply, session }, { refusal: device, typed })
    : sendRefusalPage(reply, { deps, session }, device);
}

function question(deps: LoginDeps, asked: Asked, typed: string): Promise<FastifyReply> {
  return find(deps, asked, typed, async (device) => sendQuestion(deps, asked, device, false));
}

/** `again`: the question was shown to another session before. */
function sendQuestion(
  deps: LoginDeps,
  { reply, session }: Asked,
  device: WaitingDevice,
  again: boolean,
): FastifyReply {
  return sendPage(
    reply,
    { deps, session },
    {
      status: again ? 409 : 200,
      title: 'Compare the code',
      body: consentBody({
        action: '/device',
        heading: 'Give this device a credential?',
        session,
        ask: device,
        choices: deps.login.choices(session.identity),
        about: aboutDevice(device),
        repeats: { user_code: device.userCode },
        warning:
          'Agree only if your own device shows exactly this code right now. If someone sent you this code or a link to this page, refuse.',
        again,
      }),
    },
  );
}

function aboutDevice({
  userCode,
  address,
  begunAt,
}: WaitingDevice): (readonly [string, SafeHtml])[] {
  return [
    ['Code', html`<span class="code mono">${userCode}</span>`],
    ['Requested from', html`<code>${theirs(address)}</code>`],
    ['Requested at', moment(begunAt)],
  ];
}

async function answer(deps: LoginDeps, asked: Asked, form: Form): Promise<FastifyReply> {
  const { request, reply, session } = asked;
  const { handovers } = deps.login;
  const typed = text(form, 'user_code');
  if (typed === undefined) return sendCodeForm(deps, asked);
  return find(deps, asked, typed, async (device) => {
    if (!isOfSession(form, session)) return sendQuestion(deps, asked, device, true);
    if (text(form, 'decision') !== 'agree') {
      const refusal = await handovers.refuseDevice(device.userCode, session, callerOf(request));
      return refusal
        ? sendRefusalPage(reply, { deps, session }, refusal)
        : sendRefused(deps, asked);
    }
    const grant = chosen(device, deps.login.choices(session.identity), text(form, 'role'));
    if (grant === undefined) return sendRefusalPage(reply, { deps, session }, NOT_OFFERED);
    const agreed = { session, role: grant.role.name };
    const refusal = await handovers.agreeDevice(device.userCode, agreed, callerOf(request));
    return refusal
      ? sendRefusalPage(reply, { deps, session }, refusal)
      : sendAgreed(deps, asked, grant.role.name);
  });
}

function sendAgreed(deps: LoginDeps, { reply, session }: Asked, role: string): FastifyReply {
  return sendPage(
    reply,
    { deps, session },
    {
      title: 'Done',
      body: html`<div class="narrow card good"><div class="heading">${checkIcon}<h1>Done</h1></div>
<p>Your device gets the role <strong>${role}</strong> within a few seconds. You can close this tab.</p></div>`,
    },
  );
}

function sendRefused(deps: LoginDeps, { reply, session }: Asked): FastifyReply {
  return sendPage(
    reply,
    { deps, session },
    {
      title: 'Refused',
      body: html`<div class="narrow card"><h1>You refused</h1>
<p>No credential was issued. If you did not start this yourself, someone may have tried to act as you: tell your administrator.</p>
<p class="actions"><a class="button secondary" href="/">Go to the start page</a></p></div>`,
    },
  );
}

const NOT_OFFERED = new Refusal(
  'role_not_allowed',
  'Choose one of the roles offered. No credential was issued.',
);
