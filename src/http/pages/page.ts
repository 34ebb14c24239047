/**
 * How a page is made, in a few lines:
 *
 *     app.get('/console', pageRoute(doors), (request, reply) =>      // route.ts: limits, same origin, errors
 *       signedIn(doors, request, reply, async (session) =>           // session.ts: or off to /login and back
 *         sendPage(reply, { doors, session }, {                      // this file: headers, frame, body
 *           title: 'Console',
 *           section: 'console',
 *           body: html`<h1>Console</h1>…`,                           // @remix-run/html-template escapes
 *         })));
 *
 * A refusal: `sendRefusalPage(reply, { doors, session }, refusal)`. A file of its own: `asset(…)` once,
 * `serveAsset(app, doors, it)`, and `scripts: [it]` on the page. A stranger's text: `theirs(text)`
 * (text.ts). Times: `moment`, `lifetime` (time.ts). Forms: parts.ts. Colours are variables in
 * assets/colours.ts; classes are listed atop assets/style.ts.
 */
import type { SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import type { Session } from '../../login/session.ts';
import type { PeopleDoors } from '../people.ts';
import type { Asset } from './assets.ts';
import { pageHeaders } from './headers.ts';
import { layout } from './layout.ts';

export type PageDoors = Pick<PeopleDoors, 'people' | 'live'>;

/** Whom a page is shown to. */
export interface PageContext {
  readonly doors: PageDoors;
  /** Absent: not signed in, or not known. */
  readonly session?: Session | undefined;
}

export interface Page {
  /** 200 unless said otherwise. */
  readonly status?: number;
  /** Of the tab, before the name of the service. */
  readonly title: string;
  /** Begins with the page's one `h1`. */
  readonly body: SafeHtml;
  /** The entry of the navigation that this is. */
  readonly section?: 'home' | 'console';
  /** As wide as the window allows, for tables; a column for reading otherwise. */
  readonly wide?: boolean;
  readonly scripts?: readonly Asset[];
  readonly styles?: readonly Asset[];
  /** The script asks the service for more. */
  readonly connects?: boolean;
  /** One more origin that the answer to a form may lead to. */
  readonly formOrigin?: string;
  /** Where the browser goes on to by itself. */
  readonly goOnTo?: URL;
}

export function sendPage(reply: FastifyReply, context: PageContext, page: Page): FastifyReply {
  pageHeaders(reply, context.doors.live().publicUrl, {
    scripts: (page.scripts?.length ?? 0) > 0,
    connects: page.connects ?? false,
    formOrigin: page.formOrigin,
  });
  return reply
    .code(page.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(String(layout(context, page)));
}
