import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Branding, LoginDeps } from '../deps.ts';
import { sendProblem } from '../refusals/problem.ts';
import { STYLE } from './assets/style.ts';
import { commonHeaders } from './headers.ts';

/** A file that pages refer to. It is part of the program: nothing is read from disk. */
export interface Asset {
  /** Contains a hash of the content, so that browsers can cache it forever. */
  readonly path: string;
  readonly contentType: string;
  readonly text: string;
}

/** `asset('console', 'js', CONSOLE_SCRIPT)` */
export function asset(name: string, extension: keyof typeof TYPES, text: string): Asset {
  const path = `/assets/${name}.${hashOf(text)}.${extension}`;
  return { path, contentType: TYPES[extension], text };
}

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** A key in a ring, as the icon of the tab: it is a separate image, so it has its own colors. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#2f5bd0"/>
<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">
<circle cx="12" cy="12.5" r="5"/><path d="m15.7 16.2 8.3 8.3M20.5 21l2.6-2.6"/>
</g></svg>
`;

/** On every page. */
export const styleSheet = asset('style', 'css', STYLE);
export const icon = asset('icon', 'svg', ICON);

const NO_LOGO = new Refusal('not_found', 'There is no logo.');

/** An image opened directly must not run scripts. */
const IMAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** What every page refers to. */
export function serveAssets(app: FastifyInstance, deps: Pick<LoginDeps, 'live' | 'login'>): void {
  for (const each of [styleSheet, icon]) serveAsset(app, deps, each);
  app.get('/assets/logo', { schema: { hide: true } }, async (_request, reply) => {
    const { logo } = deps.login.branding();
    if (logo === undefined) return sendProblem(reply, NO_LOGO);
    return sendFile(reply, deps, logo.contentType, 'public, max-age=3600').send(logo.content);
  });
}

/** What only some pages refer to. */
export function serveAsset(
  app: FastifyInstance,
  deps: Pick<LoginDeps, 'live'>,
  { path, contentType, text }: Asset,
): void {
  app.get(path, { schema: { hide: true } }, async (_request, reply) =>
    sendFile(reply, deps, contentType, 'public, max-age=31536000, immutable').send(text),
  );
}

/** Where the operator's logo is; changes with it. */
export function logoPath({ logo }: Branding): string | undefined {
  return logo && `/assets/logo?v=${hashOf(logo.content)}`;
}

function sendFile(
  reply: FastifyReply,
  deps: Pick<LoginDeps, 'live'>,
  contentType: string,
  cacheControl: string,
): FastifyReply {
  commonHeaders(reply, deps.live().publicUrl);
  reply.header('cross-origin-resource-policy', 'same-origin').header('cache-control', cacheControl);
  if (contentType.startsWith('image/')) reply.header('content-security-policy', IMAGE_POLICY);
  return reply.type(contentType);
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12);
}
