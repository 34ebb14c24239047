import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { download } from './download.ts';
import { binaryName, intoCache, NotHere, run, type Search, type Source } from './source.ts';

/**
 * The newest official release whose archives' checksums could be confirmed by the publisher's own
 * pins (github.com/nats-io/nats-docker, 2.15.x: linux, windows-amd64) or by two independent projects
 * that checked them against the release's SHA256SUMS (darwin). When moving on, take all from the
 * release's SHA256SUMS.
 */
export const OFFICIAL_RELEASE = {
  version: '2.15.0',
  url: 'https://github.com/nats-io/nats-server/releases/download',
  sums: {
    'linux-amd64': '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
    'linux-arm64': 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
    'darwin-amd64': '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
    'darwin-arm64': 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
    'windows-amd64': '2d0861dc2ca3567d17f7d19611d7b346cc2ccbd7086a0a77cc957a2c71663200',
  },
} as const satisfies Search['release'];

export const releaseArchive: Source = {
  name: 'GitHub release',
  async find(search) {
    const { version, url, sums } = search.release;
    const target = targetName(search);
    const sum = sums[target];
    if (sum === undefined) return new NotHere(`no checksum is pinned for ${target}`);
    const name = `nats-server-v${version}-${target}`;
    const archive = `${name}.${search.platform === 'win32' ? 'zip' : 'tar.gz'}`;
    search.say(`fetching ${archive} from GitHub`);
    return intoCache(search, version, async (folder) => {
      const file = join(folder, archive);
      await download(`${url}/v${version}/${archive}`, file, sum);
      // Windows' own tar (bsdtar) reads zip archives, too.
      await run('tar', ['-xf', file, '-C', folder], { env: search.env, timeout: 120_000 });
      const binary = join(folder, name, binaryName(search));
      await chmod(binary, 0o755);
      return binary;
    });
  },
};

function targetName({ platform, arch }: Search): string {
  const os = platform === 'win32' ? 'windows' : platform;
  return `${os}-${arch === 'x64' ? 'amd64' : arch}`;
}
