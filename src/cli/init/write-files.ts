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

/** Throws if a file exists. `otherwise`: what else to do, the end of the error's sentence. */
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

/** Writes all files or none. Throws a `CliError` that says why. */
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
  ENOTDIR: 'this path, or one above it, is not a directory:',
  EEXIST: 'this path, or one above it, is not a directory:',
  ENOSPC: 'the disk is full:',
};

function why(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code = '', message, path }: NodeJS.ErrnoException = cause;
  const words = WHY[code];
  return words === undefined ? message : `${words} ${path}`;
}

/** Each file and what it is for. */
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
  const columns = ['FILE', '', 'PURPOSE'].map((title) => ({ title }));
  return table(terminal, columns, rows);
}

/** The files that exist already. */
function existing(directory: string, files: readonly NewFile[]): string[] {
  return files.map(({ path }) => path).filter((path) => existsSync(join(directory, path)));
}

/**
 * Writes all files or none: each first under a temporary name in the same directory. Replaces existing files. Throws
 * Node's own file errors after it has removed what it wrote.
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

/** The target of a symbolic link, else the path itself. Throws if it exists and is not a regular file. */
function replaceable(path: string): string {
  const to = destination(path);
  if (typeof to === 'string' && (statSync(to, { throwIfNoEntry: false })?.isFile() ?? true)) {
    return to;
  }
  throw new Error(`${path} is not a regular file`);
}

/** Makes the directory and returns the ones it had to make, outermost first. Closes a secret one to others. */
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
    // Not empty, so something else is in it; or already removed.
  }
}
