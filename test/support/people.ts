import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { type CookieJar, createCookieJar } from './people-cookies.ts';
import { type Form, findForm, findLink, textOf } from './people-html.ts';

/** What a person without JavaScript sees and can do. */
export interface Page {
  readonly url: URL;
  /** 0 where the browser was told to stop before it asks. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** HTML. */
  readonly body: string;
  /** What is left of the body without its tags. */
  readonly text: string;
  /** Presses the button of this name in the form that has it, with what was typed into other fields. */
  press(button: string, fields?: Readonly<Record<string, string>>): Promise<Page>;
  /** Follows the link of this name. */
  follow(link: string): Promise<Page>;
}

/** Cookies, redirects, links and forms; no scripts, no pictures. */
export interface Browser {
  open(url: string): Promise<Page>;
  /** As browsers do: of every port of a host. */
  readonly cookies: CookieJar;
}

export interface BrowserOptions {
  /** A certificate to trust, PEM. */
  readonly ca?: string | undefined;
  /** Addresses that it is sent to and must not ask: nobody is there, or a test wants to go on by itself. */
  readonly stopAt?: (url: URL) => boolean;
}

const MAX_REDIRECTS = 20;

export function createBrowser({ ca, stopAt = () => false }: BrowserOptions = {}): Browser {
  const cookies = createCookieJar();

  async function go(start: Step): Promise<Page> {
    let step = start;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      if (stopAt(step.url)) return page(step.url, { status: 0, headers: {}, body: '' });
      const answer = await ask(step, cookies, ca);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status >= 400 || location === undefined) {
        return page(step.url, answer);
      }
      step = redirected(step, answer.status, new URL(location, step.url));
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects, last to ${step.url.href}`);
  }

  function page(url: URL, { status, headers, body }: Answer): Page {
    return {
      url,
      status,
      headers,
      body,
      text: textOf(body),
      press: (button, fields = {}) => go(submission(url, findForm(body, button, fields))),
      follow: (link) => go(navigation(new URL(findLink(body, link), url), url)),
    };
  }

  return { open: (url) => go(navigation(new URL(url), undefined)), cookies };
}

/** Opens an address and, where that leads to the provider's page, is this person. */
export async function signIn(browser: Browser, startUrl: string, person: string): Promise<Page> {
  const page = await browser.open(startUrl);
  return page.body.includes('Who are you?') ? page.press(person) : page;
}

interface Step {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body: string | undefined;
  /** Every origin that had a part in it; empty for an address that was typed. */
  readonly initiators: readonly URL[];
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function navigation(url: URL, from: URL | undefined): Step {
  return { url, method: 'GET', body: undefined, initiators: from ? [from] : [] };
}

function submission(from: URL, { action, method, entries }: Form): Step {
  const url = new URL(action === '' ? from.href : action, from);
  const data = new URLSearchParams(entries.map(([name, value]): [string, string] => [name, value]));
  if (method === 'POST') return { url, method, body: data.toString(), initiators: [from] };
  url.search = data.toString();
  return navigation(url, from);
}

/** Fetch Standard §4.4: after 303, and after 301 and 302 of a POST, comes a GET. */
function redirected(step: Step, status: number, url: URL): Step {
  const keep = status === 307 || status === 308;
  return {
    url,
    method: keep ? step.method : 'GET',
    body: keep ? step.body : undefined,
    initiators: step.initiators.length === 0 ? [] : [...step.initiators, step.url],
  };
}

/** Fetch Metadata §2.4: one foreign origin on the way makes it cross-site. */
function siteOf({ url, initiators }: Step): 'none' | 'same-origin' | 'same-site' | 'cross-site' {
  if (initiators.length === 0) return 'none';
  if (initiators.every(({ origin }) => origin === url.origin)) return 'same-origin';
  const sameSite = initiators.every(
    ({ protocol, hostname }) => protocol === url.protocol && hostname === url.hostname,
  );
  return sameSite ? 'same-site' : 'cross-site';
}

function headersOf(step: Step, cookies: CookieJar): Record<string, string> {
  const site = siteOf(step);
  const cookie = cookies.headerFor(step.url, { crossSitePost: isCrossSitePost(step, site) });
  const [from] = step.initiators;
  return {
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'sec-fetch-site': site,
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    ...(cookie !== '' && { cookie }),
    ...(step.body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(step.method === 'POST' && { origin: from?.origin ?? 'null' }),
  };
}

function isCrossSitePost({ method }: Step, site: ReturnType<typeof siteOf>): boolean {
  return method === 'POST' && site === 'cross-site';
}

function ask(step: Step, cookies: CookieJar, ca: string | undefined): Promise<Answer> {
  const { url, method } = step;
  const headers = headersOf(step, cookies);
  return new Promise((resolve, reject) => {
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { method, headers, agent: false, ...(ca !== undefined && { ca }) })
        : httpRequest(url, { method, headers, agent: false });
    outgoing.on('error', reject).on('response', (response) => {
      cookies.take(url, response.headers['set-cookie'] ?? []);
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
    outgoing.end(step.body);
  });
}
