import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { WaitingDevice } from '../../login/handovers.ts';
import type { Session } from '../../login/session.ts';
import type { PeopleDoors } from '../deps.ts';
import { type Form, formOf, text } from '../oauth/form.ts';
import { checkIcon } from '../pages/icons.ts';
import { sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, signedIn } from '../pages/session.ts';
import { theirs } from '../pages/words/text.ts';
import { moment } from '../pages/words/time.ts';
import { chosen, consentBody, isOfSession } from './consent.ts';

/** `/device`: the code of a program on another device, and the word that it waits for (RFC 8628 §3.3). */
export function deviceRoutes(app: FastifyInstance, doors: PeopleDoors): void {
  app.get('/device', pageRoute(doors), (request, reply) =>
    signedIn(doors, request, reply, async (session) => {
      const typed = text(formOf(request.query), 'user_code');
      const asked = { request, reply, session };
      return typed === undefined ? sendCodeForm(doors, asked) : question(doors, asked, typed);
    }),
  );
  app.post('/device', pageRoute(doors), (request, reply) =>
    signedIn(doors, request, reply, (session) =>
      answer(doors, { request, reply, session }, formOf(request.body)),
    ),
  );
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly session: Session;
}

function sendCodeForm(
  doors: PeopleDoors,
  { reply, session }: Asked,
  wrong?: { readonly refusal: Refusal; readonly typed: string },
): FastifyReply {
  return sendPage(
    reply,
    { doors, session },
    {
      status: wrong ? 400 : 200,
      title: 'Enter a code',
      body: html`<form class="narrow card" method="get" action="/device">
<h1>Enter the code of your device</h1>
<p class="muted">It is eight letters, shown where you ran <code>nats-sts login --device</code>.</p>
${wrong && html`<p class="card notice bad" id="wrong" role="alert">This code is not known. It was mistyped, was used before, or is older than ten minutes.</p>`}
<div class="field"><label for="user-code">Code</label><input class="big" type="text" id="user-code" name="user_code" required autofocus maxlength="20" placeholder="XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" value="${wrong?.typed.slice(0, 20)}"${wrong && html` aria-invalid="true" aria-describedby="wrong"`}></div>
<p class="actions"><button class="button" type="submit">Go on</button></p></form>`,
    },
  );
}

/** Codes are guessed at the pace of the limit by identity. */
async function find(
  doors: PeopleDoors,
  { request, reply, session }: Asked,
  typed: string,
  then: (device: WaitingDevice) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const tooOften = await doors.limitIdentity(request, session.identity);
  if (tooOften) return sendRefusalPage(reply, { doors, session }, tooOften);
  const device = await doors.people.handovers.findDevice(typed, session, callerOf(request));
  if (!(device instanceof Refusal)) return then(device);
  return device.reason === 'user_code_unknown'
    ? sendCodeForm(doors, { request, reply, session }, { refusal: device, typed })
    : sendRefusalPage(reply, { doors, session }, device);
}

function question(doors: PeopleDoors, asked: Asked, typed: string): Promise<FastifyReply> {
  return find(doors, asked, typed, async (device) => sendQuestion(doors, asked, device, false));
}

/** `again`: another session was asked before. */
function sendQuestion(
  doors: PeopleDoors,
  { reply, session }: Asked,
  device: WaitingDevice,
  again: boolean,
): FastifyReply {
  return sendPage(
    reply,
    { doors, session },
    {
      status: again ? 409 : 200,
      title: 'Compare the code',
      body: consentBody({
        action: '/device',
        heading: 'Hand a credential to this device?',
        session,
        ask: device,
        choices: doors.people.choices(session.identity),
        about: aboutDevice(device),
        repeats: { user_code: device.userCode },
        warning:
          'Agree only if your own device shows exactly this code right now. If somebody sent you here, or the code, refuse.',
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
    ['Asked from', html`<code>${theirs(address)}</code>`],
    ['Asked at', moment(begunAt)],
  ];
}

async function answer(doors: PeopleDoors, asked: Asked, form: Form): Promise<FastifyReply> {
  const { request, reply, session } = asked;
  const { handovers } = doors.people;
  const typed = text(form, 'user_code');
  if (typed === undefined) return sendCodeForm(doors, asked);
  return find(doors, asked, typed, async (device) => {
    if (!isOfSession(form, session)) return sendQuestion(doors, asked, device, true);
    if (text(form, 'decision') !== 'agree') {
      const refusal = await handovers.refuseDevice(device.userCode, session, callerOf(request));
      return refusal
        ? sendRefusalPage(reply, { doors, session }, refusal)
        : sendRefused(doors, asked);
    }
    const grant = chosen(device, doors.people.choices(session.identity), text(form, 'role'));
    if (grant === undefined) return sendRefusalPage(reply, { doors, session }, NOT_OFFERED);
    const agreed = { session, role: grant.role.name };
    const refusal = await handovers.agreeDevice(device.userCode, agreed, callerOf(request));
    return refusal
      ? sendRefusalPage(reply, { doors, session }, refusal)
      : sendAgreed(doors, asked, grant.role.name);
  });
}

function sendAgreed(doors: PeopleDoors, { reply, session }: Asked, role: string): FastifyReply {
  return sendPage(
    reply,
    { doors, session },
    {
      title: 'Done',
      body: html`<div class="narrow card good"><div class="heading">${checkIcon}<h1>Done</h1></div>
<p>Your device gets the role <strong>${role}</strong> within a few seconds. You can close this tab.</p></div>`,
    },
  );
}

function sendRefused(doors: PeopleDoors, { reply, session }: Asked): FastifyReply {
  return sendPage(
    reply,
    { doors, session },
    {
      title: 'Refused',
      body: html`<div class="narrow card"><h1>Nothing was handed over</h1>
<p>The device is told that you refused. If you did not start this yourself, somebody may have tried to act as you: tell your administrator.</p>
<p class="actions"><a class="button secondary" href="/">Go to the start page</a></p></div>`,
    },
  );
}

const NOT_OFFERED = new Refusal(
  'role_not_allowed',
  'Choose one of the roles that you may take. Nothing was handed over.',
);
