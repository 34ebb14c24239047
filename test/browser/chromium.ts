import { createHash, X509Certificate } from 'node:crypto';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

/** A browser of a person: cookies of its own, and a page that is watched. */
interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
}

/** One Chromium, for all tests of a file. */
export interface Chromium extends AsyncDisposable {
  /** Somebody else, who was never here. */
  visitor(options?: BrowserContextOptions): Promise<Visitor>;
  /**
   * Closes all visitors' browsers. Throws when something went wrong in the service's pages meanwhile:
   * violations of the Content-Security-Policy, scripts' errors, things that could not be loaded.
   */
  leave(): Promise<void>;
}

/** Size of a desktop's window; a phone's is told where it matters. */
export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** `url` is where the service is: relative addresses lead there. `certificate` is its own, PEM. */
export async function openChromium(url: string, certificate: string): Promise<Chromium> {
  const start = async () =>
    chromium.launch({
      executablePath: await findChromium(),
      // Trusted as if an authority had signed it: of a site with a wrong certificate nothing is cached.
      args: [`--ignore-certificate-errors-spki-list=${keyHash(certificate)}`],
      // Chromium can't make its sandbox as root.
      chromiumSandbox: process.getuid?.() !== 0,
      timeout: PATIENCE_MILLISECONDS,
    });
  // Two that start at once on a busy machine may get in each other's way: that is none of our business.
  const browser = await start().catch(start);
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];
  return {
    visitor: async (options) => {
      const context = await newContext(browser, url, options);
      contexts.push(context);
      context.on('page', (page) => watch(page, url, problems));
      return { context, page: await context.newPage() };
    },
    leave: async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      const found = problems.splice(0);
      if (found.length > 0) throw new Error(`the browser complained:\n${found.join('\n')}`);
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function newContext(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: DESKTOP,
    ...options,
  });
  // Pages and everything on them: what is waited for.
  context.setDefaultTimeout(PATIENCE_MILLISECONDS);
  return context;
}

function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

function watch(page: Page, url: string, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const { url: place } = message.location();
    const level = message.type();
    if (level !== 'error' && level !== 'warning') return;
    if (!page.url().startsWith(url)) return;
    // The page itself may answer 403 or 404: that is what it shows.
    if (message.text().startsWith('Failed to load resource') && place === page.url()) return;
    problems.push(`${level} on ${page.url()} about ${place}: ${message.text()}`);
  });
}
