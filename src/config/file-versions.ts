import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** File → what tells one state of it from another, or why there is none (`ENOENT`). Equal text, equal file. */
export type FileVersions = ReadonlyMap<string, string>;

/** The state of a file as it is now. */
export function versionOf(file: string): string {
  try {
    return textOf(statSync(file, { bigint: true }));
  } catch (error) {
    return whyNot(error);
  }
}

/** The same for many, without keeping the event loop waiting for a disk that hangs. */
export async function versionsOf(files: Iterable<string>): Promise<FileVersions> {
  const versions = [...files].map(async (file): Promise<[string, string]> => {
    const version = await stat(file, { bigint: true }).then(textOf, whyNot);
    return [file, version];
  });
  return new Map(await Promise.all(versions));
}

/** Times to the nanosecond: two writes within a millisecond differ. */
function textOf({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mode, mtimeNs, ctimeNs].join(' ');
}

function whyNot(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
