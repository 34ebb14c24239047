import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Caller, Session } from '../../login/session.ts';
import type { LoginDeps } from '../deps.ts';
import { addressOf } from '../request/address.ts';
import { cookieJar } from './cookies/cookie-jar.ts';
import { clearSessionCookie, sessionCookie } from './cookies/session-cookie.ts';
import type { PageDeps } from './page.ts';
import { sendRefusalPage } from './refusal-page.ts';
import { NOT_SIGNED_IN } from './words/refusals.ts';

/** The caller, for the audit log. */
export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, address: addressOf(request) };
}

/**
 * The session of this browser; undefined if it sends none, a refusal if the session cannot be opened.
 * If it can never be opened again (`invalid_token`), its cookie is deleted.
 */
export async function sessionOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { login, live }: PageDeps,
): Promise<Session | Refusal | undefined> {
  const jar = cookieJar(live().publicUrl);
  const sealed = sessionCookie(request, jar);
  if (sealed === undefined) return undefined;
  const session = await login.logins.open(sealed);
  if (session instanceof Refusal && session.code === 'invalid_token') {
    clearSessionCookie(request, reply, jar);
  }
  return session;
}

/**
 * Calls `then` for signed-in users. Others are redirected to `/login` and return here. For forms a page
 * says that there is no session: their content would be lost, and browsers forbid forms to lead to the
 * issuer.
 *
 *     signedIn(deps, request, reply, async (session) => sendPage(reply, { deps, session }, …))
 */
export async function signedIn(
  deps: LoginDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  then: (session: Session) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const session = await sessionOf(request, reply, deps);
  if (session !== undefined && !(session instanceof Refusal)) return then(session);
  const ended = session === undefined || session.reason === 'session_missing';
  if (!ended) return sendRefusalPage(reply, { deps }, session);
  if (request.method === 'POST') {
    const words = session === undefined ? NOT_SIGNED_IN : undefined;
    return sendRefusalPage(reply, { deps }, session ?? NO_SESSION, { words });
  }
  return reply
    .header('cache-control', 'no-store')
    .redirect(`/login?return_to=${encodeURIComponent(request.url)}`, 303);
}

const NO_SESSION = new Refusal('session_missing', 'You are not signed in.');
