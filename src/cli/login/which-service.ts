import type { Option } from 'commander';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { baseUrl, DEFAULT_URL, urlOption } from '../url-option.ts';
import type { StoredService } from './stored-service.ts';

/** `--url`, which may be left out where somebody is signed in at one service only. */
export function rememberedUrlOption(): Option {
  const option = urlOption().default(undefined);
  option.description += ` (default: where you are signed in, else ${DEFAULT_URL})`;
  return option;
}

/**
 * The service that is meant: the one that was given, else the only one that somebody is signed in
 * at; undefined when there is none.
 *
 * @throws CliError when there are several.
 */
export function whichService(
  given: URL | undefined,
  stored: ReadonlyMap<string, StoredService>,
): URL | undefined {
  if (given !== undefined) return given;
  const live = [...stored].filter(([, { sessions }]) => sessions.length > 0);
  const [only, ...more] = (live.length > 0 ? live : [...stored]).map(([url]) => url);
  if (more.length === 0) return only === undefined ? undefined : baseUrl(only);
  const urls = [only ?? '', ...more].map(harmless).join(', ');
  throw new CliError(
    ExitCode.usage,
    `which service? You are signed in at ${urls}: give --url, or set STS_URL`,
  );
}

export const DEFAULT_SERVICE = baseUrl(DEFAULT_URL);
