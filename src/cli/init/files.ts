import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { destination } from '../private-file.ts';

export interface NewFile {
  /** Seen from the directory that all are written to. */
  readonly path: string;
  readonly content: string;
  /** For this user's eyes only (0600), in a directory that is (0700). */
  readonly secret: boolean;
}

/** Those of the files that are there already. */
export function existing(directory: string, files: readonly NewFile[]): string[] {
  return files.map(({ path }) => path).filter((path) => existsSync(join(directory, path)));
}

/**
 * Writes all files, or none: each first under a temporary name beside its place. Replaces what is
 * there. Throws Node's own file errors, after it has taken back what it wrote.
 */
export function writeAll(directory: string, files: readonly NewFile[]): void {
  const made: string[] = [];
  const staged: { from: string; to: string }[] = [];
  try {
    for (const file of files) {
      const path = join(directory, file.path);
      made.push(...makeDirectory(dirname(path), file.secret ? 0o700 : 0o755));
      const to = replaceable(path);
      const from = `${to}.${process.pid}.new`;
      staged.push({ from, to });
      writeFileSync(from, file.content, { flag: 'wx', mode: file.secret ? 0o600 : 0o644 });
    }
    for (const { from, to } of staged) renameSync(from, to);
  } catch (error) {
    for (const { from } of staged) rmSync(from, { force: true });
    for (const path of made.toReversed()) removeEmpty(path);
    throw error;
  }
}

/** The file behind a symbolic link, else the path itself. Throws where something is there that is not a regular file. */
function replaceable(path: string): string {
  const to = destination(path);
  if (typeof to === 'string' && (statSync(to, { throwIfNoEntry: false })?.isFile() ?? true)) {
    return to;
  }
  throw new Error(`${path} is not a regular file`);
}

/** Makes the directory and returns what had to be made, outermost first. A secret one is closed to others. */
function makeDirectory(path: string, mode: number): string[] {
  const first = mkdirSync(path, { recursive: true, mode });
  if (mode === 0o700) chmodSync(path, mode);
  if (first === undefined) return [];
  const made = [path];
  for (let at = path; at !== first && at !== dirname(at); ) {
    at = dirname(at);
    made.unshift(at);
  }
  return made;
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not empty, so not only ours; or gone already.
  }
}
