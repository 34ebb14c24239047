import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const BUILDS = join(ROOT, 'node_modules/.cache/nats-sts-built');
/** What the command reads beside its folder. */
const PACKAGED = ['package.json', 'openapi.yaml'];
const VARIABLE = 'NATS_STS_BUILT';

/** The `main.js` of the bundle that this run tests: it starts in half the processor time that the source takes. */
export function builtMain(): string {
  const main = process.env[VARIABLE];
  if (main === undefined) throw new Error(`test/support/global-setup.ts did not set ${VARIABLE}`);
  return main;
}

/** Builds the bundle unless the same source was built before; all workers inherit where it is. */
export async function buildCommand(): Promise<void> {
  const directory = join(BUILDS, sourceHash());
  if (!existsSync(directory)) {
    removeOld();
    await build(directory);
  }
  process.env[VARIABLE] = join(directory, 'dist/main.js');
}

/** A run takes less than a day, so none uses these. */
function removeOld(): void {
  const dayAgo = Date.now() - 24 * 3600 * 1000;
  for (const old of globSync(join(BUILDS, '*'))) {
    if (statSync(old).mtimeMs < dayAgo) rmSync(old, { recursive: true, force: true });
  }
}

/** Builds aside and renames: of several runs at once, each has a complete bundle. */
async function build(directory: string): Promise<void> {
  mkdirSync(BUILDS, { recursive: true });
  const aside = mkdtempSync(join(BUILDS, 'new-'));
  await promisify(execFile)(process.execPath, ['scripts/build.ts', '--out', join(aside, 'dist')], {
    cwd: ROOT,
  });
  for (const name of PACKAGED) copyFileSync(join(ROOT, name), join(aside, name));
  try {
    renameSync(aside, directory);
  } catch (fault) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(directory)) throw fault;
  }
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const files = globSync(
    ['src/**', 'scripts/build.ts', 'scripts/build/**', 'package-lock.json', ...PACKAGED],
    {
      cwd: ROOT,
      withFileTypes: true,
    },
  );
  const paths = files
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}
