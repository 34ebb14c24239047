import { reaches, type Revocable, targetKey, targetKeys } from './match.ts';
import type { Revocation } from './revocation.ts';

/** All revocations of one target. */
interface Pile {
  readonly byId: Map<string, Revocation>;
  /** The one that reaches furthest: one that blocks, else the latest. */
  furthest: Revocation;
}

/** Revocations by their targets: any number of them costs a look-up what one does. */
export interface RevocationIndex {
  readonly byId: ReadonlyMap<string, Revocation>;
  /** Adds it, or replaces the one with its id. */
  put(revocation: Revocation): void;
  remove(id: string): void;
  /** The one that applies; where several do, one that blocks comes first. */
  find(revocable: Revocable): Revocation | undefined;
  /** Every one that applies. */
  findAll(revocable: Revocable): Revocation[];
}

export function indexRevocations(revocations: Iterable<Revocation> = []): RevocationIndex {
  const byId = new Map<string, Revocation>();
  const piles = new Map<string, Pile>();

  const remove = (id: string): void => {
    const known = byId.get(id);
    if (!known) return;
    byId.delete(id);
    const key = targetKey(known.target);
    const pile = piles.get(key);
    pile?.byId.delete(id);
    const [first, ...rest] = pile?.byId.values() ?? [];
    if (!pile || !first) piles.delete(key);
    else if (pile.furthest.id === id) pile.furthest = rest.reduce(further, first);
  };

  const put = (revocation: Revocation): void => {
    remove(revocation.id);
    byId.set(revocation.id, revocation);
    const key = targetKey(revocation.target);
    const pile = piles.get(key) ?? { byId: new Map(), furthest: revocation };
    pile.byId.set(revocation.id, revocation);
    pile.furthest = further(pile.furthest, revocation);
    piles.set(key, pile);
  };

  for (const revocation of revocations) put(revocation);
  return {
    byId,
    put,
    remove,
    find(revocable) {
      let found: Revocation | undefined;
      for (const key of piles.size === 0 ? [] : targetKeys(revocable)) {
        const furthest = piles.get(key)?.furthest;
        if (!furthest || !reaches(furthest, revocable)) continue;
        found = found ? further(found, furthest) : furthest;
      }
      return found;
    },
    findAll: (revocable) =>
      [...new Set(targetKeys(revocable))].flatMap((key) =>
        [...(piles.get(key)?.byId.values() ?? [])].filter((one) => reaches(one, revocable)),
      ),
  };
}

function further(a: Revocation, b: Revocation): Revocation {
  if (a.block !== b.block) return a.block ? a : b;
  return b.at > a.at ? b : a;
}
