import { html, type SafeHtml } from '@remix-run/html-template';
import { icon, logoPath, styleSheet } from './assets.ts';
import { contactLink, personName } from './text.ts';
import { brandMark } from './icons.ts';
import type { Page, PageContext } from './page.ts';

/** The frame of every page: who we are, where one can go, who is signed in, whom to ask. */
export function layout(context: PageContext, page: Page): SafeHtml {
  const branding = context.doors.people.branding();
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
<a class="skip" href="#main">Skip to the content</a>
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

function brandImage({ doors }: PageContext): SafeHtml {
  const path = logoPath(doors.people.branding());
  return path === undefined ? brandMark : html`<img src="${path}" alt="" height="28">`;
}

function navigation({ doors, session }: PageContext, { section }: Page): SafeHtml | undefined {
  // Everyone else has but one page, and the name of the service leads there.
  if (session === undefined || !doors.people.isAdmin(session.identity)) return undefined;
  const entry = (path: string, text: string, here: boolean) =>
    html`<li><a href="${path}"${here ? html` aria-current="page"` : undefined}>${text}</a></li>`;
  return html`<nav aria-label="Main"><ul>${entry('/', 'Home', section === 'home')}${entry('/console', 'Console', section === 'console')}</ul></nav>`;
}

function person({ session }: PageContext): SafeHtml | undefined {
  if (session === undefined) return undefined;
  return html`<div class="person"><span class="who"><span class="hidden">Signed in as </span>${personName(session.identity)}</span>
<form method="post" action="/logout"><button class="quiet" type="submit">Sign out</button></form></div>`;
}

function footer({ doors }: PageContext): SafeHtml {
  const { contact } = doors.live();
  return html`<footer class="bottom"><div class="bar"><p>Short-lived credentials for NATS.</p>${
    contact === undefined ? undefined : html`<p>Questions? Ask ${contactLink(contact)}.</p>`
  }</div></footer>`;
}
