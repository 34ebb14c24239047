import { setTimeout as wait } from 'node:timers/promises';

/** The pause between two looks grows: on a slow machine, looking must not take the time away from what is waited for. */
const [FIRST_MILLISECONDS, LONGEST_MILLISECONDS] = [10, 100];

/**
 * Resolves with what `probe` answers once that is anything but `undefined` or `false`. For
 * conditions that nothing announces; the test's own time limit ends it.
 */
export async function eventually<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (let pause = FIRST_MILLISECONDS; ; pause = Math.min(pause * 1.2, LONGEST_MILLISECONDS)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await wait(pause);
  }
}
