import { setTimeout as wait } from 'node:timers/promises';

/**
 * Resolves with what `probe` answers once that is anything but `undefined` or `false`. For
 * conditions that nothing announces; the test's own time limit ends it.
 */
export async function eventually<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await wait(10);
  }
}
