import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

/**
 * Calls back when any of the files changes, once for a burst of changes.
 *
 * Polls (once a second) instead of using file events: a mounted Kubernetes ConfigMap or Secret
 * changes by swapping a symbolic link two directories up, which file events do not see.
 */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  settleMilliseconds = 200,
): () => void {
  let settling: NodeJS.Timeout | undefined;
  const changed: StatsListener = () => {
    clearTimeout(settling);
    settling = setTimeout(onChange, settleMilliseconds);
  };
  for (const file of files) watchFile(file, { interval: 1000, persistent: false }, changed);
  return () => {
    clearTimeout(settling);
    for (const file of files) unwatchFile(file, changed);
  };
}
