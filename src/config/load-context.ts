import { resolve } from 'node:path';
import type { Files } from './files.ts';
import type { Findings } from './findings.ts';
import type { Origin } from './references.ts';
import { warnIfShared } from './secrets.ts';

/** What a stage of loading needs besides the settings. */
export interface LoadContext {
  /** Base of relative paths. */
  readonly directory: string;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly files: Files;
  readonly findings: Findings;
}

/**
 * The absolute path of a file that is read later, and again when it changes. Where `{file: path}` was
 * written, `written` is the text of that file, and its path is the answer. Reports an unreadable file.
 */
export function fileAt(
  written: string,
  path: string,
  { directory, origins, files, findings }: LoadContext,
): string {
  const origin = origins.get(path);
  if (origin && 'file' in origin) return origin.file;
  const file = resolve(directory, written);
  const fault = files.fault(file);
  if (fault !== undefined) findings.problem(path, `the file ${file} ${fault}`);
  return file;
}

/** The same for a creds file, which is a secret. */
export function credsFileAt(written: string, path: string, context: LoadContext): string {
  const file = fileAt(written, path, context);
  // References were checked when they were resolved.
  if (!context.origins.has(path) && context.files.fault(file) === undefined) {
    warnIfShared(file, path, context);
  }
  return file;
}
