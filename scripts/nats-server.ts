import { homedir } from 'node:os';
import { join } from 'node:path';
import { debianStable, debianTesting } from './nats-server/debian.ts';
import { goInstall } from './nats-server/go.ts';
import { cached, fromEnvironment, onPath } from './nats-server/installed.ts';
import { OFFICIAL_RELEASE, releaseArchive } from './nats-server/release.ts';
import { NotHere, type Search, type Source, versionOf } from './nats-server/source.ts';

/**
 * Finds a nats-server to run, or fetches one, and prints its path. For tests, demo and benchmark.
 *
 * Nothing is installed outside the cache (`${XDG_CACHE_HOME:-~/.cache}/nats-sts`), everything
 * fetched is checked against a pinned SHA-256 or Go's checksum database, and a closed network makes
 * it fail within seconds.
 */

/** In this order; the first that has one wins. */
const SOURCES: readonly Source[] = [
  fromEnvironment,
  onPath,
  cached,
  releaseArchive,
  goInstall,
  debianTesting,
  debianStable,
];

/** Absolute path of a nats-server binary. Throws, with all that was tried, when there is none. */
export async function findNatsServer(
  search: Search = defaultSearch(),
  sources: readonly Source[] = SOURCES,
): Promise<string> {
  const failures: string[] = [];
  for (const source of sources) {
    const found = await source.find(search);
    if (!(found instanceof NotHere)) return found;
    failures.push(`  ${source.name}: ${found.reason}`);
  }
  throw new Error(
    `No nats-server was found. What was tried:\n${failures.join('\n')}\n` +
      'Install nats-server 2.15 or later (https://github.com/nats-io/nats-server/releases) on the PATH,\n' +
      'or set NATS_SERVER to the path of one.',
  );
}

export function defaultSearch(): Search {
  const { env, platform, arch } = process;
  return {
    env,
    platform,
    arch,
    cacheFolder: join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'nats-sts'),
    release: OFFICIAL_RELEASE,
    debianMirror: 'https://deb.debian.org/debian',
    say: (line) => console.error(line),
  };
}

/** `node scripts/nats-server.ts [--path]`: the path on stdout; without `--path`, the version on stderr too. */
async function main(): Promise<void> {
  try {
    const path = await findNatsServer();
    if (!process.argv.includes('--path')) {
      const version = await versionOf(path);
      console.error(version instanceof NotHere ? version.reason : `nats-server v${version}`);
    }
    console.log(path);
  } catch (fault) {
    console.error(fault instanceof Error ? fault.message : fault);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
