import type { FileSnapshot } from '../../config/files.ts';
import type { Fleet, Worker } from './fleet.ts';

/**
 * Puts a changed configuration in force in all workers or, if one of them cannot take it, in none. Resolves with what is wrong with
 * it. A worker that ends meanwhile does not count: the one that takes its place starts with what `use` was last called with.
 */
export async function spreadTo(
  fleet: Pick<Fleet, 'workers'>,
  files: FileSnapshot,
  use: (files: FileSnapshot) => void,
): Promise<readonly string[]> {
  const prepared = new Set(fleet.workers());
  const found = await Promise.all([...prepared].map((worker) => prepare(worker, files)));
  const problems = [...new Set(found.flat())];
  if (problems.length > 0) {
    for (const { channel } of prepared) channel.tell('abandon');
    return problems;
  }
  use(files);
  await Promise.all(
    fleet.workers().map(async (worker) => {
      // It began while the others prepared, with the configuration of that time.
      if (!prepared.has(worker)) await prepare(worker, files);
      await orEnded(worker.channel.call('commit'));
    }),
  );
  return [];
}

async function prepare({ channel }: Worker, files: FileSnapshot): Promise<readonly string[]> {
  return (await orEnded(channel.call('prepare', files))) ?? [];
}

/** Undefined if the worker has ended, or cannot start: another one takes its place. */
async function orEnded<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch(() => undefined);
}
