import { access, constants } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import {
  binaryName,
  cachedBinary,
  isAtLeast,
  NotHere,
  OLDEST_WELCOME,
  type Source,
  versionOf,
} from './source.ts';
import { DEBIAN_VERSION } from './debian.ts';
import { GO_VERSION } from './go.ts';

/** The binary that `NATS_SERVER` names. Whoever sets it means it: a wrong one is an error. */
export const fromEnvironment: Source = {
  name: 'NATS_SERVER',
  async find({ env, say }) {
    const named = env['NATS_SERVER'];
    if (!named) return new NotHere('not set');
    const version = await versionOf(resolve(named));
    if (version instanceof NotHere) throw new Error(`NATS_SERVER: ${version.reason}`);
    if (!isAtLeast(version, OLDEST_WELCOME)) {
      say(`NATS_SERVER is nats-server v${version}, older than v${OLDEST_WELCOME}`);
    }
    return resolve(named);
  },
};

export const onPath: Source = {
  name: 'PATH',
  async find(search) {
    const tooOld: string[] = [];
    for (const folder of (search.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
      const binary = resolve(folder, binaryName(search));
      if (!(await isExecutable(binary))) continue;
      const version = await versionOf(binary);
      if (!(version instanceof NotHere) && isAtLeast(version, OLDEST_WELCOME)) return binary;
      tooOld.push(version instanceof NotHere ? version.reason : `${binary} is v${version}`);
    }
    if (tooOld.length === 0) return new NotHere('has none');
    const reason = `${tooOld.join(', ')}; v${OLDEST_WELCOME} or later is wanted`;
    search.say(`nats-server on the PATH is passed over: ${reason}`);
    return new NotHere(reason);
  },
};

/** What an earlier search fetched. */
export const cached: Source = {
  name: 'cache',
  async find(search) {
    for (const version of [GO_VERSION, DEBIAN_VERSION, search.release.version]) {
      const binary = cachedBinary(search, version);
      if (!(await isExecutable(binary))) continue;
      if (!((await versionOf(binary)) instanceof NotHere)) return binary;
    }
    return new NotHere(`none in ${join(search.cacheFolder)}`);
  },
};

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
