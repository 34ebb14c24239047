import type { FastifyReply } from 'fastify';

/** What of the Content-Security-Policy differs from page to page. */
export interface PolicyNeeds {
  /** The page has a script of ours. */
  readonly scripts: boolean;
  /** That script asks the service for more. */
  readonly connects: boolean;
  /** One more origin that the answer to a form of this page may lead to: browsers hold redirects against `form-action`, too. */
  readonly formOrigin?: string | undefined;
}

/** Content-Security-Policy Level 3: everything is forbidden but what a page of ours needs. Nothing is inline. */
function contentSecurityPolicy({ scripts, connects, formOrigin }: PolicyNeeds): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ...(scripts ? ["script-src 'self'"] : []),
    ...(connects ? ["connect-src 'self'"] : []),
    `form-action 'self'${formOrigin === undefined ? '' : ` ${formOrigin}`}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The headers of every page. */
export function pageHeaders(reply: FastifyReply, publicUrl: string, needs: PolicyNeeds): void {
  reply.headers({
    // After a sign-out the back button must find nothing.
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(needs),
    // Not no-referrer: browsers would then say "Origin: null" of our own forms.
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  });
  commonHeaders(reply, publicUrl);
}

/** The headers of all that the pages' rooms answer, files too, besides those of every answer (`refusals/error-handler.ts`). */
export function commonHeaders(reply: FastifyReply, publicUrl: string): void {
  if (publicUrl.startsWith('https:')) {
    reply.header('strict-transport-security', 'max-age=31536000');
  }
}
