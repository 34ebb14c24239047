import { InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '../config/loopback.ts';
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
export function baseUrl(text: string): URL {
  const base = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (base !== null && /^https?:$/.test(base.protocol)) return base;
  throw new InvalidArgumentError('Write a URL such as https://sts.example.com.');
}

/** Tells whoever sends a token over the network that others may read it. */
export function warnIfUnencrypted(terminal: Terminal, url: URL): void {
  if (url.protocol !== 'http:' || isLoopback(url.hostname)) return;
  terminal.err(`nats-sts: the token travels unencrypted: use https, not ${url.href}\n`);
}
