import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import { asset } from '../pages/assets.ts';
import { sendPage } from '../pages/page.ts';
import type { Administrator, Exchange } from './administrator.ts';
import { CONSOLE_SCRIPT } from './assets/script.ts';
import { CONSOLE_STYLE } from './assets/style.ts';
import type { ConsoleDeps } from './deps.ts';
import { takeNotice } from './notice.ts';

export const consoleScript = asset('console', 'js', CONSOLE_SCRIPT);
export const consoleStyle = asset('console', 'css', CONSOLE_STYLE);

const TABS = [
  ['/console', 'Overview'],
  ['/console/activity', 'Activity'],
  ['/console/credentials', 'Credentials'],
  ['/console/revocations', 'Revocations'],
] as const;

export interface ConsolePage {
  readonly status?: number;
  readonly title: string;
  /** The tab that the page belongs to. */
  readonly tab: (typeof TABS)[number][0];
  readonly body: SafeHtml;
  /** Its sections update live. */
  readonly live?: boolean;
}

/** A console page: heading, tabs, notice of the last action, and live status. */
export function sendConsolePage(
  deps: ConsoleDeps,
  { request, reply }: Exchange,
  { session }: Administrator,
  page: ConsolePage,
): FastifyReply {
  const notice = takeNotice(deps, { request, reply });
  const live = page.live === true;
  return sendPage(
    reply,
    { deps, session },
    {
      ...(page.status !== undefined && { status: page.status }),
      title: `${page.title} · Console`,
      section: 'console',
      wide: true,
      styles: [consoleStyle],
      ...(live && { scripts: [consoleScript], connects: true }),
      body: html`<div class="console-head"><h1>${page.title}</h1>${live ? freshness(request.url) : undefined}</div>
<nav class="tabs" aria-label="Console"><ul>${TABS.map(([path, name]) => tab(path, name, page.tab))}</ul></nav>
${notice}
${page.body}`,
    },
  );
}

function tab(path: string, name: string, current: string): SafeHtml {
  const here = path === current ? html` aria-current="page"` : undefined;
  return html`<li><a href="${path}"${here}>${name}</a></li>`;
}

/** The link works without the script, which adds the live status and a pause button. */
function freshness(url: string): SafeHtml {
  return html`<div class="freshness"><span class="tag" data-live hidden></span><button class="quiet" type="button" data-pause hidden>Pause</button><a href="${url}" data-refresh>Refresh</a><span class="hidden" role="status" data-news></span></div>`;
}

/** A section of a page that the script replaces when it changes. */
export function part(name: string, title: string, body: SafeHtml, more?: SafeHtml): SafeHtml {
  const id = `${name}-title`;
  return html`<section data-part="${name}" aria-labelledby="${id}"><div class="heading"><h2 id="${id}">${title}</h2>${more}</div>
${body}
</section>`;
}

/** A table that scrolls if it is too wide, by keyboard too. */
export function scroll(label: string, table: SafeHtml): SafeHtml {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${table}</div>`;
}
