import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { CodeAsk } from '../../login/handovers.ts';
import type { Session } from '../../login/session.ts';
import type { LoginDeps } from '../deps.ts';
import {
  authorizationAnswer,
  authorizationError,
  parseAuthorizationRequest,
} from '../oauth/authorization-request.ts';
import { type Form, formOf, text } from '../oauth/form.ts';
import { checkIcon } from '../pages/icons.ts';
import { sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf, signedIn } from '../pages/session.ts';
import { quotable } from '../refusals/problem.ts';
import { chosen, consentBody, isOfSession } from './consent.ts';
import { authorizeSchema } from './schemas.ts';

/** The parameters of the request (RFC 6749 §4.1.1), which the form repeats. */
const PARAMETERS = [
  'response_type',
  'client_id',
  'redirect_uri',
  'code_challenge',
  'code_challenge_method',
  'state',
  'nkey',
  'scope',
  'ttl',
  'program',
] as const;

/** `/authorize`: a program on the user's own machine requests a credential (RFC 8252); it gets one only if the user agrees. */
export function authorizeRoutes(app: FastifyInstance, deps: LoginDeps): void {
  app.get('/authorize', { ...pageRoute(deps), ...authorizeSchema }, (request, reply) =>
    read(deps, request.query, reply, ({ ask }) =>
      signedIn(deps, request, reply, async (session) =>
        question(deps, reply, { ask, session, parameters: formOf(request.query) }),
      ),
    ),
  );
  app.post('/authorize', pageRoute(deps), (request, reply) =>
    read(deps, request.body, reply, (asked) =>
      signedIn(deps, request, reply, (session) =>
        answer(deps, request, reply, { ...asked, session }),
      ),
    ),
  );
  app.get('/authorize/done', pageRoute(deps), (_request, reply) => sendDone(deps, reply));
}

interface Asked {
  readonly ask: CodeAsk;
  readonly state: string;
}

/** If the answer cannot go to the program safely, show a page; send other errors to the program. */
async function read(
  deps: LoginDeps,
  parameters: unknown,
  reply: FastifyReply,
  then: (asked: Asked) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const { publicUrl } = deps.live();
  const asked = parseAuthorizationRequest(withoutAnswer(parameters), publicUrl);
  switch (asked.kind) {
    case 'page':
      return sendRefusalPage(reply, { deps }, asked.refusal);
    case 'redirect':
      return goBack(deps, reply, asked.url);
    case 'ask':
      return then(asked);
  }
}

interface Question {
  readonly ask: CodeAsk;
  readonly session: Session;
  /** Parameters that the form repeats. */
  readonly parameters: Form;
  /** The question was shown to another session before. */
  readonly again?: boolean;
}

function question(
  deps: LoginDeps,
  reply: FastifyReply,
  { ask, session, parameters, again = false }: Question,
): FastifyReply {
  const { origin, port } = new URL(ask.redirectUri);
  const body = consentBody({
    action: '/authorize',
    heading: 'Give this program a credential?',
    session,
    ask,
    choices: deps.login.choices(session.identity),
    about: [['Where', `on this computer, port ${port}`]],
    repeats: Object.fromEntries(PARAMETERS.map((name) => [name, text(parameters, name)])),
    warning: 'Agree only if you just started this yourself, on this computer.',
    again,
  });
  return sendPage(
    reply,
    { deps, session },
    {
      status: again ? 409 : 200,
      title: 'Give a credential',
      body,
      ...(isNameable(origin) && { formOrigin: origin }),
    },
  );
}

async function answer(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { ask, state, session }: Asked & { readonly session: Session },
): Promise<FastifyReply> {
  const { login, live } = deps;
  const tell = (answer: { code: string } | Refusal) => {
    const parameters =
      answer instanceof Refusal
        ? { error: authorizationError(answer), error_description: quotable(answer.message) }
        : answer;
    const iss = live().publicUrl;
    return goBack(deps, reply, authorizationAnswer(ask.redirectUri, { ...parameters, state, iss }));
  };
  const form = formOf(request.body);
  if (!isOfSession(form, session)) {
    return question(deps, reply, { ask, session, parameters: form, again: true });
  }
  if (text(form, 'decision') !== 'agree') {
    const unrecorded = await login.handovers.refuseCode(ask, session, callerOf(request));
    return unrecorded ? sendRefusalPage(reply, { deps, session }, unrecorded) : tell(CANCELLED);
  }
  const tooOften = await deps.limitIdentity(request, session.identity);
  if (tooOften) return sendRefusalPage(reply, { deps, session }, tooOften);
  const grant = chosen(ask, login.choices(session.identity), text(form, 'role'));
  if (grant === undefined) return sendRefusalPage(reply, { deps, session }, NOT_OFFERED);
  const handed = { ...ask, role: grant.role.name };
  const code = await login.handovers.grantCode(handed, session, callerOf(request));
  return code instanceof Refusal ? sendRefusalPage(reply, { deps, session }, code) : tell({ code });
}

/** Sends the browser back to the program. Content-Security-Policy cannot name an IPv6 address, so there a page does it instead of a redirect. */
function goBack(deps: LoginDeps, reply: FastifyReply, address: string): FastifyReply {
  const url = new URL(address);
  if (isNameable(url.origin)) {
    return reply.header('cache-control', 'no-store').redirect(address, 303);
  }
  return sendPage(
    reply,
    { deps },
    {
      title: 'Back to the program',
      goOnTo: url,
      body: html`<div class="narrow card"><h1>Back to the program</h1><p class="actions"><a class="button" href="${url.href}">Continue</a></p></div>`,
    },
  );
}

function isNameable(origin: string): boolean {
  return !origin.includes('[');
}

function sendDone(deps: LoginDeps, reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    { deps },
    {
      title: 'Done',
      body: html`<div class="narrow card good"><div class="heading">${checkIcon}<h1>Done</h1></div>
<p>The program has its answer. Close this tab and return to the program.</p></div>`,
    },
  );
}

/** Removes the form fields that are not parameters of the request. */
function withoutAnswer(parameters: unknown): unknown {
  const { role: _role, decision: _decision, session: _session, ...request } = formOf(parameters);
  return request;
}

const CANCELLED = new Refusal('handover_refused', 'The user canceled.');
const NOT_OFFERED = new Refusal(
  'role_not_allowed',
  'Choose one of the roles offered. No credential was issued.',
);
