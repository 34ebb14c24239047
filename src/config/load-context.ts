import { resolve } from 'node:path';
import type { Files } from './files.ts';
import type { Findings } from './findings.ts';
import type { Origin } from './references.ts';
import { warnIfShared } from './secrets.ts';

/** What a stage needs to know of the file besides its settings. */
export interface LoadContext {
  /** Where relative paths are taken from. */
  readonly directory: string;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly files: Files;
  readonly findings: Findings;
}

/**
 * The absolute path of a file that is read later on, and again when it changes. Also where
 * `{file: path}` was written, and its text stands here now. A file that can't be read is a problem.
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

/** The same of a creds file, which is a secret. */
export function credsFileAt(written: string, path: string, context: LoadContext): string {
  const file = fileAt(written, path, context);
  // A reference was looked at when it was followed.
  if (!context.origins.has(path) && context.files.fault(file) === undefined) {
    warnIfShared(file, path, context.findings);
  }
  return file;
}
