import { access, constants } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

/** Finds the Chromium that the browser tests drive, and prints its path. Nothing is downloaded. */

/** Debian's name first; then what others call it, and builds of the same engine. */
const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
];

/** Where macOS has applications, which are on no PATH. */
const MAC_APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

/** Absolute path of a Chromium. Throws, saying what to install, when there is none. */
export async function findChromium({ env, platform }: Surroundings = process): Promise<string> {
  const named = env['CHROMIUM'];
  // Whoever sets it means it: a wrong one is an error.
  if (named) {
    if (await isExecutable(resolve(named))) return resolve(named);
    throw new Error(`CHROMIUM: ${named} is no program that can be run`);
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const places = NAMES.flatMap((name) => folders.map((folder) => resolve(join(folder, name))));
  if (platform === 'darwin') places.push(...MAC_APPLICATIONS);
  for (const place of places) if (await isExecutable(place)) return place;
  throw new Error(
    `No Chromium was found (${NAMES.join(', ')} on the PATH).\n` +
      'Install one (on Debian and Ubuntu: apt-get install chromium), or set CHROMIUM to the path of one.',
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** `node scripts/chromium.ts`: the path on stdout. */
async function main(): Promise<void> {
  try {
    console.log(await findChromium());
  } catch (fault) {
    console.error(fault instanceof Error ? fault.message : fault);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
