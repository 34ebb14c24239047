import type { MatchSpec } from '../../policy/match/grammar.ts';
import type { BindingSettings } from '../schema/binding.ts';
import { claimOf, type Hint, type Pitfall } from './pitfall.ts';

interface Entry {
  readonly index: number;
  readonly binding: BindingSettings;
  /** Claim → the values that satisfy it, each as text. */
  readonly conditions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Enough for any file that people write; many similar bindings must not slow down loading. */
const MAX_COMPARED = 200;

/**
 * `binding-shadowed`: a binding after one that has the same or wider conditions and all of its roles.
 *
 * To be fast with ten thousand bindings, earlier ones are indexed by their claim whose values the fewest
 * bindings share.
 */
export const bindingShadowed: Pitfall = function* bindingShadowed({ bindings }): Iterable<Hint> {
  const entries = bindings.map(({ index, settings }) => entryOf(index, settings));
  const popularity = countValues(entries);
  const earlier = new Map<string, Entry[]>();
  for (const entry of entries) {
    const wider = candidates(entry, earlier).find((other) => covers(other, entry));
    if (wider) {
      yield {
        path: `bindings[${entry.index}]`,
        message: `is never reached, because bindings[${wider.index}] ("${wider.binding.name}") comes first, matches the same or more, and gives the same roles: reorder them, or remove one`,
      };
    }
    for (const key of lookUpKeys(entry, popularity)) {
      const listed = earlier.get(key);
      if (!listed) earlier.set(key, [entry]);
      else if (listed.length < MAX_COMPARED) listed.push(entry);
    }
  }
};

function entryOf(index: number, binding: BindingSettings): Entry {
  const conditions = Object.entries(binding.match).map(
    ([key, spec]) => [claimOf(key), alternatives(spec)] as const,
  );
  return { index, binding, conditions: new Map(conditions) };
}

/** Each way to satisfy a condition; `{all: […]}` is one way. */
function alternatives(spec: MatchSpec): ReadonlySet<string> {
  const ways: readonly unknown[] = Array.isArray(spec) ? spec : [spec];
  return new Set(ways.map((way) => JSON.stringify(way)));
}

function covers(wide: Entry, narrow: Entry): boolean {
  if (wide.binding.when !== undefined && wide.binding.when !== narrow.binding.when) return false;
  if (!narrow.binding.roles.every((role) => wide.binding.roles.includes(role))) return false;
  for (const [claim, wideWays] of wide.conditions) {
    const ways = narrow.conditions.get(claim);
    if (!ways || ![...ways].every((way) => wideWays.has(way))) return false;
  }
  return true;
}

function candidates(entry: Entry, earlier: ReadonlyMap<string, Entry[]>): Entry[] {
  const keys = [entry.binding.issuer, ...allKeys(entry)];
  return keys.flatMap((key) => earlier.get(key) ?? []).slice(0, MAX_COMPARED);
}

/** The keys of an entry in the index: the values of its rarest condition, or its issuer if it has none. */
function lookUpKeys(entry: Entry, popularity: ReadonlyMap<string, number>): readonly string[] {
  let best: readonly string[] = [entry.binding.issuer];
  let least = Number.POSITIVE_INFINITY;
  for (const [claim, ways] of entry.conditions) {
    const keys = [...ways].map((way) => keyOf(entry, claim, way));
    const shared = Math.max(...keys.map((key) => popularity.get(key) ?? 0));
    if (shared < least) [best, least] = [keys, shared];
  }
  return best;
}

function countValues(entries: readonly Entry[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    for (const key of allKeys(entry)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function allKeys(entry: Entry): string[] {
  return [...entry.conditions].flatMap(([claim, ways]) =>
    [...ways].map((way) => keyOf(entry, claim, way)),
  );
}

function keyOf({ binding }: Entry, claim: string, way: string): string {
  return `${binding.issuer} ${claim} ${way}`;
}
