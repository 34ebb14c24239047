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

/** Who asks, for the record. */
export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, address: addressOf(request) };
}

/**
 * The session of the browser that asks; undefined where it brings none, a refusal where it brings one
 * that does not open. The cookie of one that never will again (`invalid_token`) is dropped.
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
 * Goes on for those who are signed in. All others are sent to `/login` and come back here; but for
 * forms, whose content could not be taken along, and which browsers keep from leading to the issuer:
 * there a page says that there is no session, or no longer.
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
