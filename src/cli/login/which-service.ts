import type { Option } from 'commander';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { baseUrl, DEFAULT_URL, urlOption } from '../url-option.ts';
import type { Sessions } from './sessions.ts';

/** `--url`, which may be left out unless somebody is signed in at several services. */
export function rememberedUrlOption(): Option {
  const option = urlOption().default(undefined);
  option.description += ` (default: the service used last, else ${DEFAULT_URL})`;
  return option;
}

/**
 * The service that is meant: the one that was given, else the only one that somebody is signed in
 * at, else the one used last; undefined when there is none.
 *
 * @throws CliError when there are several.
 */
export function whichService(
  given: URL | undefined,
  sessions: Pick<Sessions, 'all' | 'last'>,
): URL | undefined {
  if (given !== undefined) return given;
  const stored = [...sessions.all()];
  const live = stored.filter(([, service]) => service.sessions.length > 0);
  const [only, ...more] = (live.length > 0 ? live : stored).map(([url]) => url);
  if (more.length === 0) return only === undefined ? sessions.last() : baseUrl(only);
  const urls = [only ?? '', ...more].map(harmless).join(', ');
  throw new CliError(
    ExitCode.usage,
    `which service? You are signed in at ${urls}: give --url, or set STS_URL`,
  );
}

export const DEFAULT_SERVICE = baseUrl(DEFAULT_URL);

/** What there is to say, and to do, where nobody is signed in. */
export function notSignedIn(url: URL | undefined): string {
  return url === undefined
    ? 'not signed in: nats-sts login --url URL'
    : `not signed in at ${url.href}: nats-sts login --url ${url.href}`;
}
