import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import { clearCookie, type CookieJar, cookieOf } from './cookie-jar.ts';

/**
 * The sealed session in the browser. Browsers keep 4,096 bytes a cookie with its name and attributes
 * (RFC 6265bis §5.7), and ID tokens with many groups are larger: it is split over up to four. The first contains their number, so that a part of an earlier session is never used.
 */
const PART_CHARACTERS = 3_800;
const MAX_PARTS = 4;

const names = ({ prefix }: CookieJar): string[] =>
  Array.from({ length: MAX_PARTS }, (_, index) =>
    index === 0 ? `${prefix}-session` : `${prefix}-session-${index}`,
  );

/** Sets the parts, and deletes leftover parts of a larger session. */
export function setSessionCookie(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  jar: CookieJar,
  sealed: string,
  maxAgeSeconds: number,
): Refusal | undefined {
  const parts = split(sealed);
  if (parts.length > MAX_PARTS) return TOO_LARGE;
  for (const [index, name] of names(jar).entries()) {
    const part = parts[index];
    if (part !== undefined) {
      reply.setCookie(name, part, { ...jar.attributes, maxAge: maxAgeSeconds });
    } else if (cookieOf(request, name) !== undefined) {
      clearCookie(reply, jar, name);
    }
  }
  return undefined;
}

/** The sealed session as received; undefined if it is missing or incomplete. */
export function sessionCookie(request: FastifyRequest, jar: CookieJar): string | undefined {
  const [first = '', ...others] = names(jar);
  const [, count, start] = /^([1-4])\.(.+)$/s.exec(cookieOf(request, first) ?? '') ?? [];
  if (count === undefined || start === undefined) return undefined;
  const rest = others.slice(0, Number(count) - 1).map((name) => cookieOf(request, name));
  return rest.includes(undefined) ? undefined : [start, ...rest].join('');
}

/** Deletes every part that the browser sent. */
export function clearSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  jar: CookieJar,
): void {
  for (const name of names(jar)) {
    if (cookieOf(request, name) !== undefined) clearCookie(reply, jar, name);
  }
}

function split(sealed: string): string[] {
  const parts = Array.from({ length: Math.ceil(sealed.length / PART_CHARACTERS) }, (_, index) =>
    sealed.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS),
  );
  return parts.map((part, index) => (index === 0 ? `${parts.length}.${part}` : part));
}

const TOO_LARGE = new Refusal(
  'session_too_large',
  'Your provider sends more claims about you than a browser can store. Ask your administrator to request fewer claims.',
);
