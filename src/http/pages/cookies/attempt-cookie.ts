import type { FastifyReply, FastifyRequest } from 'fastify';
import { clearCookie, type CookieJar, cookieOf } from './cookie-jar.ts';

/** How many logins at once a browser remembers; each adds a few hundred bytes to every request. */
const MAX_ATTEMPTS = 4;
/** Ended attempts expire by themselves in ten minutes; this keeps the answer small. */
const MAX_CLEARED = 8;

const prefixOf = ({ prefix }: CookieJar): string => `${prefix}-login-`;

/** Remembers a login in progress in its own cookie, so that two tabs do not disturb each other. */
export function setAttemptCookie(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  jar: CookieJar,
  { attemptId, attempt, attemptSeconds }: BegunAttempt,
): void {
  // Browsers send the oldest first (RFC 6265 §5.4).
  const others = Object.keys(request.cookies).filter((name) => name.startsWith(prefixOf(jar)));
  const surplus = Math.max(0, others.length - MAX_ATTEMPTS + 1);
  for (const name of others.slice(0, Math.min(surplus, MAX_CLEARED))) {
    clearCookie(reply, jar, name);
  }
  reply.setCookie(`${prefixOf(jar)}${attemptId}`, attempt, {
    ...jar.attributes,
    maxAge: attemptSeconds,
  });
}

interface BegunAttempt {
  readonly attemptId: string;
  readonly attempt: string;
  readonly attemptSeconds: number;
}

/** Returns the attempt that an answer belongs to and clears its cookie: an answer counts once. */
export function takeAttemptCookie(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  jar: CookieJar,
  attemptId: string | undefined,
): string | undefined {
  if (attemptId === undefined) return undefined;
  const name = `${prefixOf(jar)}${attemptId}`;
  const attempt = cookieOf(request, name);
  if (attempt !== undefined) clearCookie(reply, jar, name);
  return attempt;
}
