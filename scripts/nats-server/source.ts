import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** What a search for a nats-server knows of the world; tests hand in another one. */
export interface Search {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; holds one folder a version. */
  readonly cacheFolder: string;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** The official release: where its archives are, and their SHA-256 by `<os>-<arch>`. */
  readonly release: {
    readonly version: string;
    readonly url: string;
    readonly sums: Readonly<Record<string, string>>;
  };
  readonly debianMirror: string;
  /** Takes a line for the person who waits. */
  readonly say: (line: string) => void;
}

/** Somewhere a nats-server may come from. `find` returns the binary's absolute path. */
export interface Source {
  readonly name: string;
  find(search: Search): Promise<string | NotHere>;
}

/** Why a source has none: goes into the message when all have failed. */
export class NotHere {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What the tests and the demo need: older servers lack what they assert. */
export const OLDEST_WELCOME = '2.15.0';

export const run = promisify(execFile);

/** The version a binary reports, or why it doesn't. */
export async function versionOf(binary: string): Promise<string | NotHere> {
  try {
    const { stdout } = await run(binary, ['--version'], { timeout: 120_000 });
    const version = /v(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
    return version ?? new NotHere(`${binary} does not say its version`);
  } catch (cause) {
    return new NotHere(`${binary} does not run (${inWords(cause)})`);
  }
}

/** Compares `major.minor.patch`; what follows the patch is ignored. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function binaryName(search: Search): string {
  return search.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
}

export function cachedBinary(search: Search, version: string): string {
  return join(search.cacheFolder, `nats-server-v${version}`, binaryName(search));
}

/**
 * Has `fetch` put a binary into an empty folder of its own, tries that it runs, and moves it into
 * the cache in one step: who looks at the same time sees a whole binary or none.
 */
export async function intoCache(
  search: Search,
  version: string,
  fetch: (folder: string) => Promise<string>,
): Promise<string | NotHere> {
  const target = cachedBinary(search, version);
  await mkdir(search.cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(search.cacheFolder, '.fetching-'));
  try {
    const binary = await fetch(folder);
    const reported = await versionOf(binary);
    if (reported instanceof NotHere) return reported;
    await mkdir(dirname(target), { recursive: true });
    await rename(binary, target);
    return target;
  } catch (cause) {
    return new NotHere(inWords(cause));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The innermost cause says most (`fetch failed` alone helps nobody), and of a command its last line. */
function inWords(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  if (fault.cause instanceof Error) return inWords(fault.cause);
  const stderr = 'stderr' in fault ? String(fault.stderr).trim() : '';
  if (stderr !== '') return stderr.slice(stderr.lastIndexOf('\n') + 1);
  return 'code' in fault && !fault.message.includes(String(fault.code))
    ? `${fault.message} (${String(fault.code)})`
    : fault.message;
}
