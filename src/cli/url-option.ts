import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '../config/addresses.ts';
import type { Unreachable } from './service-call.ts';
import type { Terminal } from './terminal.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** `--url URL`, else the variable STS_URL: the base of all paths of the service, with a slash at its end. */
export function urlOption(): Option {
  return new Option('--url <url>', 'where the service is')
    .env('STS_URL')
    .default(baseUrl(DEFAULT_URL), DEFAULT_URL)
    .argParser(baseUrl);
}

/** The base of all paths below a URL: with a slash at its end. Throws InvalidArgumentError for what is no http(s) URL. */
export function baseUrl(given: string): URL {
  const text = given.trim();
  const base = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (base !== null && /^https?:$/.test(base.protocol)) return base;
  throw new InvalidArgumentError('Write a URL such as https://sts.example.com.');
}

/** What may help whose command could not reach a service: a line of ours, where they had named none. */
export function unnamedHint(error: Unreachable, command: Command): string | undefined {
  const source = command.getOptionValueSource('url');
  const named = source !== undefined && source !== 'default';
  if (named || !error.url.href.startsWith(baseUrl(DEFAULT_URL).href)) return undefined;
  return 'give --url or STS_URL: nothing was named, so the default was tried';
}

/** Tells whoever sends a token over the network that others may read it. */
export function warnIfUnencrypted(terminal: Terminal, url: URL): void {
  if (url.protocol !== 'http:' || isLoopback(url.hostname)) return;
  terminal.err(`nats-sts: the token travels unencrypted: use https, not ${url.href}\n`);
}
