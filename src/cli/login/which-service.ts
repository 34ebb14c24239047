import type { Option } from 'commander';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { baseUrl, DEFAULT_URL, urlOption } from '../url-option.ts';
import type { Sessions } from './sessions.ts';

/** `--url`, which is optional unless the person is signed in at several services. */
export function rememberedUrlOption(): Option {
  const option = urlOption().default(undefined);
  option.description += ` (default: the service used last, else ${DEFAULT_URL})`;
  return option;
}

/**
 * The service to use: the given one, else the only one with a session, else the last one; undefined if
 * there is none.
 *
 * @throws CliError if there are several.
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
    `you are signed in at several services: ${urls}. Choose one with --url or STS_URL`,
  );
}

export const DEFAULT_SERVICE = baseUrl(DEFAULT_URL);

/** Says that nobody is signed in, and how to sign in. */
export function notSignedIn(url: URL | undefined): string {
  return url === undefined
    ? 'not signed in; to sign in: nats-sts login --url URL'
    : `not signed in at ${url.href}; to sign in: nats-sts login --url ${url.href}`;
}
