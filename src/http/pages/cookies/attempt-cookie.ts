import type { FastifyReply, FastifyRequest } from 'fastify';
import { clearCookie, type CookieJar, cookieOf } from './cookie-jar.ts';

/** So many logins at once a browser remembers; each is a few hundred bytes of every request. */
const MAX_ATTEMPTS = 4;
/** What is over goes by itself in ten minutes; the answer stays small whatever came in. */
const MAX_CLEARED = 8;

const prefixOf = ({ prefix }: CookieJar): string => `${prefix}-login-`;

/** What a login under way is remembered by, in a cookie of its own: two tabs don't disturb each other. */
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

/** The attempt that an answer belongs to; what is taken is gone: an answer counts once. */
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
