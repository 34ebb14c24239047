import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '../config/addresses.ts';
import type { Unreachable } from './service-call.ts';
import type { Terminal } from './terminal.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** `--url URL`, else the variable STS_URL: the base of all paths of the service, with a trailing slash. */
export function urlOption(): Option {
  return new Option('--url <url>', 'URL of the service')
    .env('STS_URL')
    .default(baseUrl(DEFAULT_URL), DEFAULT_URL)
    .argParser(baseUrl);
}

/** The URL with a trailing slash. Throws InvalidArgumentError if it is not an http(s) URL. */
export function baseUrl(given: string): URL {
  const text = given.trim();
  const base = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (base !== null && /^https?:$/.test(base.protocol)) return base;
  throw new InvalidArgumentError('Write a URL such as https://sts.example.com.');
}

/** A hint for a command that could not reach the service, if no URL was given. */
export function unnamedHint(error: Unreachable, command: Command): string | undefined {
  const source = command.getOptionValueSource('url');
  const named = source !== undefined && source !== 'default';
  if (named || !error.url.href.startsWith(baseUrl(DEFAULT_URL).href)) return undefined;
  return 'no URL was given, so nats-sts tried the default; give --url or set STS_URL';
}

/** Warns if the token would cross the network unencrypted. */
export function warnIfUnencrypted(terminal: Terminal, url: URL): void {
  if (url.protocol !== 'http:' || isLoopback(url.hostname)) return;
  terminal.err(`nats-sts: the token travels unencrypted to ${url.href}; use https\n`);
}
