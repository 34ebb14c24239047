import { join } from 'node:path';
import { binaryName, intoCache, NotHere, run, type Source } from './source.ts';

export const GO_VERSION = '2.15.1';

const MODULE = `github.com/nats-io/nats-server/v2@v${GO_VERSION}`;

/** Built from the module proxy's source, which Go checks against its checksum database. */
export const goInstall: Source = {
  name: 'go install',
  async find(search) {
    const { env } = search;
    try {
      await run('go', ['version'], { env, timeout: 120_000 });
    } catch {
      return new NotHere('go is not on the PATH');
    }
    return intoCache(search, GO_VERSION, async (folder) => {
      // Fetches a few hundred bytes: says at once whether the proxy can be reached.
      await run('go', ['list', '-m', MODULE], { cwd: folder, env, timeout: 15_000 });
      search.say(`building nats-server v${GO_VERSION} with go install (about half a minute)`);
      await run('go', ['install', MODULE], {
        cwd: folder,
        env: { ...env, GOBIN: folder },
        timeout: 600_000,
      });
      return join(folder, binaryName(search));
    });
  },
};
