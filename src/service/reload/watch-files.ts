import { setTimeout as wait } from 'node:timers/promises';
import { type FileVersions, versionsOf } from '../../config/files.ts';

export interface Watching {
  /** The files to watch, with the version that was last read of each. Called at each check. */
  readonly files: () => FileVersions;
  /** Called when a file has another version and all files have stopped changing. */
  readonly onChange: () => void;
  readonly lookEveryMilliseconds?: number;
  readonly settleMilliseconds?: number;
}

/**
 * Checks files once a second and calls back when one differs from what was read. Call the result to stop.
 *
 * It does not use file events: a mounted Kubernetes ConfigMap or Secret changes by swapping a symbolic link two
 * directories up, which file events miss. It compares with what was read, not with the first check, so that it
 * also notices changes during startup.
 */
export function watchFiles(watching: Watching): () => void {
  const stop = new AbortController();
  void look(watching, stop.signal);
  return () => stop.abort();
}

async function look(
  { files, onChange, lookEveryMilliseconds = 1000, settleMilliseconds = 200 }: Watching,
  signal: AbortSignal,
): Promise<void> {
  let seen = '';
  for (;;) {
    if (!(await pause(lookEveryMilliseconds, signal))) return;
    let now = await differing(files());
    // Do not report a change again that `onChange` could not use.
    if (now === '' || now === seen) {
      seen = now;
      continue;
    }
    do {
      seen = now;
      if (!(await pause(settleMilliseconds, signal))) return;
      now = await differing(files());
    } while (now !== seen);
    if (now !== '') onChange();
  }
}

/** The files that changed, with their current versions; empty if none did. */
async function differing(before: FileVersions): Promise<string> {
  const now = await versionsOf(before.keys());
  return [...now]
    .filter(([file, version]) => version !== before.get(file))
    .map(([file, version]) => `${file} ${version}`)
    .join('\n');
}

/** False if it was aborted. Does not keep the process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(milliseconds, undefined, { ref: false, signal });
    return true;
  } catch {
    return false;
  }
}
