/**
 * How a page is made, in a few lines:
 *
 *     app.get('/console', pageRoute(deps), (request, reply) =>      // route.ts: limits, same origin, errors
 *       signedIn(deps, request, reply, async (session) =>           // session.ts: or off to /login and back
 *         sendPage(reply, { deps, session }, {                      // this file: headers, frame, body
 *           title: 'Console',
 *           section: 'console',
 *           body: html`<h1>Console</h1>…`,                           // @remix-run/html-template escapes
 *         })));
 *
 * A refusal: `sendRefusalPage(reply, { deps, session }, refusal)`. A file of its own: `asset(…)` once,
 * `serveAsset(app, deps, it)`, and `scripts: [it]` on the page. A stranger's text: `theirs(text)`
 * (words/text.ts). Times: `moment` (words/time.ts), `lifetime` (../lifetime.ts). Forms: elements.ts. Colors are variables in
 * assets/colors.ts; classes are listed atop assets/style.ts.
 */
import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import type { Session } from '../../login/session.ts';
import type { LoginDeps } from '../deps.ts';
import { type Asset, icon, logoPath, styleSheet } from './assets.ts';
import { pageHeaders } from './headers.ts';
import { brandMark } from './icons.ts';
import { contactLink, personName } from './words/text.ts';

export type PageDeps = Pick<LoginDeps, 'login' | 'live'>;

/** Who sees a page. */
export interface PageContext {
  readonly deps: PageDeps;
  /** Absent: not signed in, or unknown. */
  readonly session?: Session | undefined;
}

export interface Page {
  /** Default: 200. */
  readonly status?: number;
  /** Title of the tab, before the name of the service. */
  readonly title: string;
  /** Starts with the page's only `h1`. */
  readonly body: SafeHtml;
  /** The navigation entry of this page. */
  readonly section?: 'home' | 'console';
  /** Full width, for tables; otherwise a column for reading. */
  readonly wide?: boolean;
  readonly scripts?: readonly Asset[];
  readonly styles?: readonly Asset[];
  /** The script makes requests to the service. */
  readonly connects?: boolean;
  /** One more origin that a form may redirect to. */
  readonly formOrigin?: string;
  /** Where the browser continues by itself. */
  readonly goOnTo?: URL;
}

export function sendPage(reply: FastifyReply, context: PageContext, page: Page): FastifyReply {
  pageHeaders(reply, context.deps.live().publicUrl, {
    scripts: (page.scripts?.length ?? 0) > 0,
    connects: page.connects ?? false,
    formOrigin: page.formOrigin,
  });
  return reply
    .code(page.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(String(layout(context, page)));
}

/** The frame of every page: branding, navigation, who is signed in, and contact. */
function layout(context: PageContext, page: Page): SafeHtml {
  const branding = context.deps.login.branding();
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${page.title} · ${branding.name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${page.goOnTo && html`<meta http-equiv="refresh" content="0; url=${page.goOnTo.href}">`}
<link rel="icon" type="image/svg+xml" href="${icon.path}">
${[styleSheet, ...(page.styles ?? [])].map(({ path }) => html`<link rel="stylesheet" href="${path}">`)}
${page.scripts?.map(({ path }) => html`<script src="${path}" defer></script>`)}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="bar">
<a class="brand" href="/">${brandImage(context)}<span>${branding.name}</span></a>
${navigation(context, page)}
${person(context)}
</div></header>
<main id="main" class="${page.wide === true ? 'wide' : 'column'}" tabindex="-1">
${page.body}
</main>
${footer(context)}
</body>
</html>
`;
}

function brandImage({ deps }: PageContext): SafeHtml {
  const path = logoPath(deps.login.branding());
  return path === undefined ? brandMark : html`<img src="${path}" alt="" height="28">`;
}

function navigation({ deps, session }: PageContext, { section }: Page): SafeHtml | undefined {
  // Everyone else has only one page, which the name of the service links to.
  if (session === undefined || !deps.login.isAdmin(session.identity)) return undefined;
  const entry = (path: string, text: string, here: boolean) =>
    html`<li><a href="${path}"${here ? html` aria-current="page"` : undefined}>${text}</a></li>`;
  return html`<nav aria-label="Main"><ul>${entry('/', 'Home', section === 'home')}${entry('/console', 'Console', section === 'console')}</ul></nav>`;
}

function person({ session }: PageContext): SafeHtml | undefined {
  if (session === undefined) return undefined;
  return html`<div class="person"><span class="who"><span class="hidden">Signed in as </span>${personName(session.identity)}</span>
<form method="post" action="/logout"><button class="quiet" type="submit">Sign out</button></form></div>`;
}

function footer({ deps }: PageContext): SafeHtml {
  const { contact } = deps.live();
  return html`<footer class="bottom"><div class="bar"><p>Short-lived credentials for NATS.</p>${
    contact === undefined ? undefined : html`<p>Questions? Ask ${contactLink(contact)}.</p>`
  }</div></footer>`;
}
