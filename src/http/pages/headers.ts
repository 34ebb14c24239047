import type { FastifyReply } from 'fastify';

/** The parts of the Content-Security-Policy that differ between pages. */
export interface PolicyNeeds {
  /** The page has one of our scripts. */
  readonly scripts: boolean;
  /** The script makes requests to the service. */
  readonly connects: boolean;
  /** One more origin that a form of this page may redirect to: browsers check redirects against `form-action` too. */
  readonly formOrigin?: string | undefined;
}

/** Content-Security-Policy Level 3: everything is forbidden except what our pages need. Nothing is inline. */
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
    // After sign-out, the back button must not show the page.
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(needs),
    // Not no-referrer: browsers would then send "Origin: null" for our own forms.
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  });
  commonHeaders(reply, publicUrl);
}

/** The headers of all pages and their files, besides those of every answer (`refusals/error-handler.ts`). */
export function commonHeaders(reply: FastifyReply, publicUrl: string): void {
  if (publicUrl.startsWith('https:')) {
    reply.header('strict-transport-security', 'max-age=31536000');
  }
}
