import type { TokenHeader } from '../header.ts';

/** How long a name that a fresh key set did not hold is taken to be unknown without asking again. */
const REMEMBERED_MILLISECONDS = 60_000;
const MAX_NAMES = 1_000;

/**
 * Key names that strangers made up: remembered for a minute, so that a token sent over and over
 * provokes no fetch over and over. Bounded; the oldest go first. Ask it only after the key set.
 */
export function unknownKids() {
  const until = new Map<string, number>();
  return {
    remember(header: Pick<TokenHeader, 'alg' | 'kid'>, now: number): void {
      const name = nameOf(header);
      until.delete(name);
      if (until.size >= MAX_NAMES) until.delete(until.keys().next().value ?? '');
      until.set(name, now + REMEMBERED_MILLISECONDS);
    },
    remembers(header: Pick<TokenHeader, 'alg' | 'kid'>, now: number): boolean {
      return (until.get(nameOf(header)) ?? Number.NEGATIVE_INFINITY) > now;
    },
  };
}

/** A token without `kid` asks for "the one key of this algorithm". */
function nameOf({ alg, kid }: Pick<TokenHeader, 'alg' | 'kid'>): string {
  return kid === undefined ? alg : `${alg} ${kid}`;
}
