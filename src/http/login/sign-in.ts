import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { FailedLogin, Logins } from '../../login/logins.ts';
import type { LoginDeps } from '../deps.ts';
import { formOf, text } from '../oauth/form.ts';
import { setAttemptCookie, takeAttemptCookie } from '../pages/cookies/attempt-cookie.ts';
import { cookieJar } from '../pages/cookies/cookie-jar.ts';
import { setSessionCookie } from '../pages/cookies/session-cookie.ts';
import { sendPage } from '../pages/page.ts';
import { sendRefusalPage } from '../pages/refusal-page.ts';
import { pageRoute } from '../pages/route.ts';
import { callerOf } from '../pages/session.ts';
import { INCOMPLETE_ANSWER } from '../pages/words/refusals.ts';
import { nowOf } from '../pages/words/time.ts';

/** `GET /login` redirects to the provider, which redirects back to `GET /login/callback`, or to the login's own path. */
export function signInRoutes(app: FastifyInstance, deps: LoginDeps): void {
  // HEAD must not start a login or use up an answer.
  const route = { ...pageRoute(deps), exposeHeadRoute: false };
  app.get('/login', route, (request, reply) => begin(deps, request, reply));
  for (const path of ['/login/callback', '/login/callback/:name']) {
    app.get(path, route, (request, reply) => finish(deps, request, reply));
  }
}

async function begin(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { logins } = deps.login;
  const query = formOf(request.query);
  const returnTo = text(query, 'return_to') ?? '/';
  const issuers = logins.issuers();
  const unnamed = query['issuer'] === undefined;
  const only = unnamed && issuers.length === 1 ? issuers[0]?.name : undefined;
  const asked = text(query, 'issuer');
  const issuerName = issuers.find(({ name }) => name === asked)?.name ?? only;
  if (issuerName === undefined) {
    return issuers.length === 0
      ? sendRefusalPage(reply, { deps }, NOT_CONFIGURED)
      : sendChooser(deps, reply, { returnTo, unknown: !unnamed });
  }
  const begun = await logins.begin({ issuerName, returnTo }, callerOf(request));
  if (begun instanceof Refusal) {
    return sendFailure(deps, reply, { refusal: begun, issuerName, returnTo });
  }
  setAttemptCookie({ request, reply }, cookieJar(deps.live().publicUrl), begun);
  return leaveFor(reply, begun.url.href);
}

function sendChooser(
  deps: LoginDeps,
  reply: FastifyReply,
  { returnTo, unknown }: { readonly returnTo: string; readonly unknown: boolean },
): FastifyReply {
  return sendPage(
    reply,
    { deps },
    {
      status: unknown ? 404 : 200,
      title: 'Sign in',
      body: html`<div class="narrow card"><h1>Sign in</h1>
${unknown ? html`<p class="card notice warn" role="status">This service does not know the provider in this link. Choose another.</p>` : undefined}
<p class="muted">Choose your provider. You sign in there and return here.</p>
${signInLinks(deps.login.logins.issuers(), returnTo, '')}</div>`,
    },
  );
}

async function finish(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { logins } = deps.login;
  const jar = cookieJar(deps.live().publicUrl);
  const exchange = { request, reply };
  const attempt = takeAttemptCookie(exchange, jar, logins.attemptIdOf(request.url));
  const login = await logins.finish({ url: request.url, attempt }, callerOf(request));
  if ('refusal' in login) return sendFailure(deps, reply, login);
  const { session, sealed, returnTo } = login;
  const maxAge = session.endsAt - nowOf(deps);
  const refusal = setSessionCookie(exchange, jar, sealed, maxAge);
  if (refusal) return sendFailure(deps, reply, { refusal });
  return leaveFor(reply, returnTo);
}

function sendFailure(deps: LoginDeps, reply: FastifyReply, failed: FailedLogin): FastifyReply {
  const { refusal, issuerSaid, issuerName, returnTo = '/' } = failed;
  const signInPath = issuerName === undefined ? undefined : loginPath(issuerName, returnTo);
  const incomplete = failed.incomplete === true && refusal.reason === 'login_unknown';
  const words = incomplete ? INCOMPLETE_ANSWER : undefined;
  return sendRefusalPage(reply, { deps }, refusal, { issuerSaid, signInPath, words });
}

function leaveFor(reply: FastifyReply, address: string): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .redirect(address, 303);
}

const NOT_CONFIGURED = new Refusal(
  'login_not_configured',
  'Sign-in is not configured on this service: no issuer has a login.',
);

/** A link to each provider: starting a sign-in changes nothing. */
export function signInLinks(
  issuers: ReturnType<Logins['issuers']>,
  returnTo: string,
  prefix: string,
): SafeHtml {
  return html`<ul class="ways">${issuers.map(
    ({ name, title }, index) =>
      html`<li><a class="${index === 0 ? 'button' : 'button secondary'}" href="${loginPath(name, returnTo)}">${prefix}${title}</a></li>`,
  )}</ul>`;
}

/** Where sign-in at one issuer starts. */
function loginPath(issuerName: string, returnTo: string): string {
  const query = new URLSearchParams({ issuer: issuerName });
  if (returnTo !== '/') query.append('return_to', returnTo);
  return `/login?${query.toString()}`;
}
