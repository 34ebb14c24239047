import { join } from 'node:path';
import { CliError, ExitCode } from '../exit-codes.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { existing, writeAll } from './files.ts';
import type { PlannedFile } from './planned-file.ts';

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
