import { setTimeout as wait } from 'node:timers/promises';
import { type FileVersions, versionsOf } from '../../config/files.ts';

export interface Watching {
  /** The files to look at, each in the state in which it was last read. Asked anew at each look. */
  readonly files: () => FileVersions;
  /** A file is in another state, and all were at rest for a moment. */
  readonly onChange: () => void;
  readonly lookEveryMilliseconds?: number;
  readonly settleMilliseconds?: number;
}

/**
 * Looks at files once a second and calls back when one differs from what was read of it. Call the result to stop.
 *
 * Not by file events: a mounted Kubernetes ConfigMap or Secret changes by swapping a symbolic link two directories up,
 * which file events do not see. And against what was read, not against the first look: what changes while the
 * service starts is seen too.
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
    // A change that `onChange` could not take in is not told again before the next one.
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

/** The files that are not as they were, with the state that each is in; empty: none. */
async function differing(before: FileVersions): Promise<string> {
  const now = await versionsOf(before.keys());
  return [...now]
    .filter(([file, version]) => version !== before.get(file))
    .map(([file, version]) => `${file} ${version}`)
    .join('\n');
}

/** False: it was aborted. Keeps no process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(milliseconds, undefined, { ref: false, signal });
    return true;
  } catch {
    return false;
  }
}
