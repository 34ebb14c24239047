import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { CliError, ExitCode } from './exit-codes.ts';

/** In place at once and never readable by others, also when the file was there before; a link is replaced, not followed. */
export function writePrivately(file: string, text: string): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    writeThrough(temporary, text);
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cannot('write', file, cause);
  }
}

/** A directory for this user's eyes only, also when it was there before. */
export function makePrivateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (cause) {
    throw cannot('use', directory, cause);
  }
}

/** On the disk before it takes the other's place: a power failure leaves one of the two, whole. */
function writeThrough(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function cannot(verb: string, file: string, cause: unknown): CliError {
  const { message } = cause as Error;
  return new CliError(ExitCode.failed, `cannot ${verb} ${file}: ${message}`, { cause });
}
