/**
 * Runs `work` for each call, but never twice at once: calls that come while it runs wait for the
 * next run and share it. So each call gets the outcome of a run that began after it.
 */
export function inTurn<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let waiting: Promise<T> | undefined;

  async function run(): Promise<T> {
    const mine = work();
    running = mine;
    try {
      return await mine;
    } finally {
      if (running === mine) running = undefined;
    }
  }

  async function afterwards(): Promise<T> {
    await running?.catch(() => undefined);
    waiting = undefined;
    return run();
  }

  return () => {
    if (!running && !waiting) return run();
    waiting ??= afterwards();
    return waiting;
  };
}
