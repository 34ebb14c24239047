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
import { CliError, ExitCode } from '../exit-codes.ts';
import { destination } from '../private-file.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { NewFile, PlannedFile } from './planned-file.ts';

/** Replaces nothing. `otherwise`: what else can be done. */
export function refuseExisting(
  directory: string,
  files: readonly PlannedFile[],
  otherwise = '',
): void {
  const there = existing(directory, files);
  if (there.length === 0) return;
  throw new CliError(
    ExitCode.failed,
    `${directory} already has ${listed(there)}; nothing was written. Choose another --dir${otherwise}`,
  );
}

function listed(paths: readonly string[]): string {
  const more = paths.length - 3;
  return paths.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Writes all, or nothing: then with the reason in words. */
export function writePlanned(directory: string, files: readonly PlannedFile[]): void {
  try {
    writeAll(directory, files);
  } catch (cause) {
    throw new CliError(ExitCode.failed, `nothing was written to ${directory}: ${why(cause)}`, {
      cause,
    });
  }
}

/** Node's file error codes, in words. */
const WHY: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write',
  EPERM: 'no permission to write',
  EROFS: 'a read-only file system:',
  ENOTDIR: 'something that is not a directory is in the way of',
  EEXIST: 'something that is not a directory is in the way of',
  ENOSPC: 'the disk is full:',
};

function why(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code = '', message, path }: NodeJS.ErrnoException = cause;
  const words = WHY[code];
  return words === undefined ? message : `${words} ${path}`;
}

/** Each file with what it is, for people. */
export function filesTable(
  terminal: Terminal,
  directory: string,
  files: readonly PlannedFile[],
): string {
  const rows = files.map(({ path, about, secret }) => [
    join(directory, path),
    secret ? ({ text: 'secret', style: 'yellow' } as const) : '',
    about,
  ]);
  const columns = ['FILE', '', 'WHAT IT IS'].map((title) => ({ title }));
  return table(terminal, columns, rows);
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
