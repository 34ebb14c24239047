import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { decodeText } from '../identity/text-encoding.ts';
import { stat } from 'node:fs/promises';

/** Why a file cannot be used, to follow its name: `does not exist`. */
interface Unreadable {
  readonly reason: string;
}

/** Reads the files of one configuration and records the state of each. */
export interface Files {
  /** The text of a regular file of bounded size, in UTF-8 (or UTF-16 with a byte order mark). */
  readonly text: (file: string) => string | Unreadable;
  /** The content of a regular file of bounded size. */
  readonly bytes: (file: string, maxBytes: number) => Buffer | Unreadable;
  /** Why a file could not be read later, or undefined. */
  readonly fault: (file: string) => string | undefined;
  /** Whether other users may access a file that could be read. */
  readonly isShared: (file: string) => boolean;
  /** The state, before reading, of every requested file, including those that could not be read. */
  readonly versions: FileVersions;
}

/** The files of one configuration as they were read: path → state and content, or why there is none. */
export type FileSnapshot = ReadonlyMap<string, FileContent>;

interface FileContent {
  readonly version: string;
  readonly content: Uint8Array | Unreadable;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** Larger files are not configurations and would only cost memory. */
const MAX_TEXT_BYTES = MIB;

/** Files on disk. What is read is put into `keep`. */
export function createFiles(keep?: Map<string, FileContent>): Files {
  const versions = new Map<string, string>();
  const bytes: Files['bytes'] = (file, maxBytes) => {
    // Taken once, before reading: a change during reading then shows as a change.
    const version = versions.get(file) ?? versionOf(file);
    versions.set(file, version);
    const content = readBytes(file, maxBytes);
    keep?.set(file, { version, content });
    return content;
  };
  return filesFrom(bytes, { versions, isShared });
}

/** Files as another process has read them. It has warned of those that other users may access. */
export function keptFiles(kept: FileSnapshot): Files {
  const bytes: Files['bytes'] = (file) => {
    const { content } = kept.get(file) ?? { content: { reason: 'does not exist' } };
    return 'reason' in content ? content : Buffer.from(content);
  };
  const versions = new Map([...kept].map(([file, { version }]) => [file, version]));
  return filesFrom(bytes, { versions, isShared: () => false });
}

function filesFrom(bytes: Files['bytes'], more: Pick<Files, 'versions' | 'isShared'>): Files {
  const text: Files['text'] = (file) => {
    const read = bytes(file, MAX_TEXT_BYTES);
    return Buffer.isBuffer(read) ? decode(read) : read;
  };
  return {
    text,
    bytes,
    fault: (file) => {
      const read = text(file);
      return typeof read === 'string' ? undefined : read.reason;
    },
    ...more,
  };
}

function isShared(file: string): boolean {
  // Windows has no mode bits: Node reports them as set for everyone.
  return process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
}

function readBytes(file: string, maxBytes: number): Buffer | Unreadable {
  try {
    const stat = statSync(file);
    // A pipe or device could block forever.
    if (!stat.isFile()) return { reason: 'is not a regular file' };
    if (stat.size > maxBytes) return { reason: `is larger than ${sizeText(maxBytes)}` };
    return readFileSync(file);
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function decode(bytes: Buffer): string | Unreadable {
  try {
    return decodeText(bytes, { fatal: true });
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function sizeText(bytes: number): string {
  return bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'is not readable by this user';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8 text';
  return `cannot be read${code === '' ? '' : ` (${code})`}`;
}

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

/** The same for many files, without blocking the event loop on a hanging disk. */
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
