import { html, type SafeHtml } from '@remix-run/html-template';
import type { Logins } from '../../login/logins.ts';

/** A way to each provider. They are links: beginning a sign-in changes nothing. */
export function signInLinks(
  issuers: ReturnType<Logins['issuers']>,
  returnTo: string,
  prefix: string,
): SafeHtml {
  return html`<ul class="ways">${issuers.map(
    ({ name, title }, place) =>
      html`<li><a class="${place === 0 ? 'button' : 'button secondary'}" href="${loginPath(name, returnTo)}">${prefix}${title}</a></li>`,
  )}</ul>`;
}

/** Where signing in at one issuer begins. */
export function loginPath(issuerName: string, returnTo: string): string {
  const query = new URLSearchParams({ issuer: issuerName });
  if (returnTo !== '/') query.append('return_to', returnTo);
  return `/login?${query.toString()}`;
}
