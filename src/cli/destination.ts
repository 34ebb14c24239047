import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** As many symbolic links as Linux follows. */
const MAX_LINKS = 40;
const STICKY_AND_OPEN = 0o1002;
const STANDARD_STREAMS: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };
const DESCRIPTOR = new RegExp(`^/(?:dev|proc/(?:self|${process.pid}))/fd/(\\d{1,9})$`);

/**
 * Where writing to `file` leads: the path behind all symbolic links, also where nothing is there yet,
 * or the descriptor of this process that it names (`/dev/stdout`, `/dev/fd/63` of a shell's `>(…)`).
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
      throw new Error(`the symbolic link ${at} belongs to another user`);
    at = resolve(directory, target);
  }
  throw new Error('too many symbolic links');
}

/** A link that anybody could have made: in a directory such as /tmp, as Linux has it with `fs.protected_symlinks`. */
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
    // Not a link, or not there.
    if (code === 'EINVAL' || code === 'ENOENT') return undefined;
    throw error;
  }
}
