import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { CliError, ExitCode } from './exit-codes.ts';

const OWNER_ONLY = 0o600;

/** Errors after which an existing file can still be rewritten in place: a bind mount (EBUSY), a directory that is closed to this user. */
const IN_PLACE: ReadonlySet<string> = new Set(['EBUSY', 'EACCES', 'EPERM', 'EROFS', 'EXDEV']);

/**
 * Writes a secret. Others can read it only as `mode` allows (default: nobody).
 *
 * Nothing, or a regular file: replaced at once, so a reader sees the old text or the new, whole.
 * A symbolic link: stays, and the same happens to the file it points to.
 * A file that cannot be replaced (a bind mount, a directory closed to this user): rewritten in place.
 * A pipe, terminal or device: written to. Throws CliError.
 */
export function writePrivately(file: string, text: string, mode = OWNER_ONLY): void {
  try {
    const to = destination(file);
    if (typeof to === 'number') return writeFileSync(to, text);
    const before = statSync(to, { throwIfNoEntry: false });
    if (before === undefined || before.isFile()) put(to, text, { mode, before });
    else if (before.isDirectory()) throw new Error('it is a directory: name a file in it');
    else withFile(to, constants.O_WRONLY, (handle) => writeFileSync(handle, text));
  } catch (cause) {
    throw cannot('write', file, cause);
  }
}

/** Creates a directory that only this user can read, or closes an existing one to others. */
export function makePrivateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (cause) {
    throw cannot('use', directory, cause);
  }
}

interface Wanted {
  readonly mode: number;
  readonly before: Stats | undefined;
}

function put(file: string, text: string, wanted: Wanted): void {
  try {
    replace(file, text, wanted);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (wanted.before === undefined || !IN_PLACE.has(code)) throw error;
    rewrite(file, text, wanted);
  }
}

function replace(file: string, text: string, wanted: Wanted): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    withFile(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (handle) => {
      keepGroup(handle, wanted);
      fchmodSync(handle, wanted.mode);
      writeThrough(handle, text);
    });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A file that its group may read keeps its group. */
function keepGroup(handle: number, { mode, before }: Wanted): void {
  if ((mode & 0o070) === 0 || before === undefined) return;
  const { uid, gid } = fstatSync(handle);
  if (gid !== before.gid) fchownSync(handle, uid, before.gid);
}

function rewrite(file: string, text: string, { mode }: Wanted): void {
  withFile(file, constants.O_WRONLY, (handle) => {
    setMode(handle, mode);
    ftruncateSync(handle);
    writeThrough(handle, text);
  });
}

/** Called before the secret is in the file. */
function setMode(handle: number, mode: number): void {
  const before = fstatSync(handle).mode & 0o777;
  if (before === mode) return;
  try {
    fchmodSync(handle, mode);
  } catch (cause) {
    const octal = before.toString(8);
    throw new Error(`its mode is ${octal}, which only its owner can change: name another file`, {
      cause,
    });
  }
}

/** On disk when this returns: after a power failure, either the old or the new file is complete. */
function writeThrough(handle: number, text: string): void {
  writeFileSync(handle, text);
  fsyncSync(handle);
}

function withFile(file: string, flags: number, action: (handle: number) => void): void {
  const handle = openSync(file, flags, OWNER_ONLY);
  try {
    action(handle);
  } finally {
    closeSync(handle);
  }
}

function cannot(verb: string, file: string, cause: unknown): CliError {
  const { message } = cause as Error;
  return new CliError(ExitCode.failed, `cannot ${verb} ${file}: ${message}`, { cause });
}

/** Linux follows as many symbolic links. */
const MAX_LINKS = 40;
const STICKY_AND_OPEN = 0o1002;
const STANDARD_STREAMS: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };
const DESCRIPTOR = new RegExp(`^/(?:dev|proc/(?:self|${process.pid}))/fd/(\\d{1,9})$`);

/**
 * Where a write to `file` ends up: the path behind all symbolic links, which need not exist yet, or the
 * descriptor of this process that it names (`/dev/stdout`, `/dev/fd/63` of a shell's `>(…)`).
 * Throws Node's file errors.
 */
export function destination(file: string): string | number {
  let at = resolve(file);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const descriptor = STANDARD_STREAMS[at] ?? DESCRIPTOR.exec(at)?.[1];
    if (descriptor !== undefined) return Number(descriptor);
    const directory = realpathSync(dirname(at));
    at = resolve(directory, basename(at));
    const target = linkTarget(at);
    if (target === undefined) return at;
    if (isPlanted(at, directory))
      throw new Error(`the symbolic link ${at} belongs to another user: name another file`);
    at = resolve(directory, target);
  }
  throw new Error('too many symbolic links: name the file that they lead to');
}

/** A link that another user may have planted in a directory such as /tmp; the rule of Linux's `fs.protected_symlinks`. */
function isPlanted(link: string, directory: string): boolean {
  const { mode, uid } = statSync(directory);
  if ((mode & STICKY_AND_OPEN) !== STICKY_AND_OPEN) return false;
  return ![process.geteuid?.(), uid].includes(lstatSync(link).uid);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // It is not a link, or does not exist.
    if (code === 'EINVAL' || code === 'ENOENT') return undefined;
    throw error;
  }
}
