import type { Ring } from '../../keyring/ring.ts';
import type { Wanted } from '../../keyring/step-input.ts';

/** Whether given keys are used up by a schedule: only then they can run out. */
export function rotatesThroughGiven({ given, everyMilliseconds }: Wanted): boolean {
  return given !== undefined && everyMilliseconds !== undefined;
}

/** Given keys of a slot that have not signed yet. */
export function keysLeft({ keys }: Ring, slot: string): number {
  return keys.filter((key) => key.slot === slot && key.state === 'staged').length;
}
