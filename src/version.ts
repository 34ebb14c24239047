import { readFileSync } from 'node:fs';

/** A file of the package, beside src/ and beside the folder of what is built. */
export function readPackaged(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}

/** The version in package.json. */
export const VERSION = (JSON.parse(readPackaged('package.json')) as { version: string }).version;
