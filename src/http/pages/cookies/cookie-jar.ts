import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The cookies of one deployment: their names and attributes. */
export interface CookieJar {
  readonly prefix: string;
  readonly attributes: CookieSerializeOptions;
}

/**
 * `__Host-` and `Secure` where the service is reached by https: no other host, and nobody on the
 * way, can set them then (RFC 6265bis §4.1.3.2). Without https browsers would drop such cookies;
 * logins allow that on loopback only. Browsers send a host's cookies to all of its ports (RFC 6265
 * §8.5), so the name has the port: two deployments on one host keep their sessions apart.
 */
export function cookieJar(publicUrl: string): CookieJar {
  const secure = publicUrl.startsWith('https:');
  const { port } = new URL(publicUrl);
  return {
    prefix: `${secure ? '__Host-' : ''}nats-sts${port === '' ? '' : `-${port}`}`,
    attributes: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  };
}

/** Makes the browser delete it. */
export function clearCookie(reply: FastifyReply, { attributes }: CookieJar, name: string): void {
  reply.setCookie(name, '', { ...attributes, maxAge: 0, expires: new Date(0) });
}

/** A cookie as received: our own values contain nothing encoded. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const { cookies } = request;
  return Object.hasOwn(cookies, name) ? cookies[name] : undefined;
}
