import { join } from 'node:path';
import { download } from './download.ts';
import { cachedBinary, intoCache, NotHere, run, type Source, versionOf } from './source.ts';

/** A package of Debian's archive. */
interface DebianPackage {
  readonly suite: string;
  /** Debian's version of the package. */
  readonly version: string;
  /** The server's own version. */
  readonly serverVersion: string;
  /** SHA-256 as in the suite's signed index, by Node's name of the architecture. */
  readonly sums: Readonly<Record<string, string>>;
}

export const DEBIAN_VERSION = '2.15.1';

export const debianTesting = packageOf({
  suite: 'forky',
  version: '2.15.1-1',
  serverVersion: DEBIAN_VERSION,
  sums: {
    x64: '31ef4ceaa84e8248d449e508472e3770c17c3695cb5cb0ee96e03912724ea884',
    arm64: '68923b614b6b5594bbd63ffdce7258c2155ec448fb4cb7efd099bf9273eca128',
  },
});

/** Older than what is wanted, but it stays in the archive when testing's has made room for the next. */
export const debianStable = packageOf({
  suite: 'trixie',
  version: '2.10.27-1+b2',
  serverVersion: '2.10.27',
  sums: {
    x64: '6d913ac987b78734c08537c2adeb1526cf735f216173a9170d94b185fcfe6f8a',
    arm64: '0c9a617510b28c1b4fb4a38aabea6ab8cd7f026247f2abdff8b955b2278ce049',
  },
});

/** Unpacks the package into the cache; nothing is installed. */
function packageOf({ suite, version, serverVersion, sums }: DebianPackage): Source {
  return {
    name: `Debian ${suite} package`,
    async find(search) {
      const { platform, arch, env, debianMirror } = search;
      const sum = platform === 'linux' ? sums[arch] : undefined;
      if (sum === undefined) return new NotHere(`no checksum is pinned for ${platform}-${arch}`);
      const earlier = cachedBinary(search, serverVersion);
      if (!((await versionOf(earlier)) instanceof NotHere)) return earlier;
      try {
        await run('dpkg-deb', ['--version'], { env, timeout: 120_000 });
      } catch {
        return new NotHere('dpkg-deb, which unpacks it, is not on the PATH');
      }
      const file = `nats-server_${version}_${arch === 'x64' ? 'amd64' : arch}.deb`;
      search.say(`fetching ${file} (nats-server v${serverVersion}) from Debian`);
      return intoCache(search, serverVersion, async (folder) => {
        const path = join(folder, 'nats-server.deb');
        await download(`${debianMirror}/pool/main/n/nats-server/${file}`, path, sum);
        await run('dpkg-deb', ['-x', path, folder], { env, timeout: 120_000 });
        return join(folder, 'usr/sbin/nats-server');
      });
    },
  };
}
