import { lookUp } from '../identity/claims.ts';
import type { Identity, Json } from '../identity/identity.ts';
import type { CompiledBinding } from './binding.ts';
import { type ClaimUse, topLevel } from './claim-name.ts';
import type { Scalar } from './match/grammar.ts';
import type { MatchCondition } from './match/match.ts';

/** The bindings of one issuer, looked up by the values of the identity instead of one by one. */
export interface IssuerIndex {
  /** In file order. */
  readonly bindings: readonly CompiledBinding[];
  /** Top-level names of every claim that a condition, or a template of a role, reads. */
  readonly looksAt: ReadonlySet<string>;
  /**
   * Every binding that can match, in file order, and few others: those indexed by one of the values of
   * the identity, and those without an equality condition.
   */
  candidates(identity: Identity): readonly CompiledBinding[];
}

/** Bindings by the values that one claim must equal. Keys are typed: `"42"` and `42` differ. */
interface Drawer {
  readonly claim: ClaimUse;
  readonly byValue: Map<Json, CompiledBinding[]>;
}

/** One index for each issuer, by its name. */
export function indexBindings(
  bindings: readonly CompiledBinding[],
): ReadonlyMap<string, IssuerIndex> {
  const byIssuer = Map.groupBy(bindings, ({ spec }) => spec.issuer);
  return new Map([...byIssuer].map(([issuer, own]) => [issuer, indexIssuer(own)]));
}

function indexIssuer(bindings: readonly CompiledBinding[]): IssuerIndex {
  const crowd = countValues(bindings);
  const drawers = new Map<string, Drawer>();
  const unfiled: CompiledBinding[] = [];
  for (const binding of bindings) {
    const condition = mostSelective(binding, crowd);
    if (condition === undefined) unfiled.push(binding);
    else file(drawers, condition, binding);
  }
  const filed = [...drawers.values()];
  return {
    bindings,
    looksAt: topLevelNames(bindings),
    candidates: (identity) => collect(filed, unfiled, identity),
  };
}

/** How many bindings require each value of each claim. */
type Crowd = ReadonlyMap<string, ReadonlyMap<Scalar, number>>;

function countValues(bindings: readonly CompiledBinding[]): Crowd {
  const crowd = new Map<string, Map<Scalar, number>>();
  for (const { claim, equals = [] } of bindings.flatMap((binding) => binding.matches)) {
    const counts = crowd.get(claim.name) ?? new Map<Scalar, number>();
    for (const value of equals) counts.set(value, (counts.get(value) ?? 0) + 1);
    crowd.set(claim.name, counts);
  }
  return crowd;
}

/** The equality condition that the fewest other bindings share, to keep the lists short. */
function mostSelective({ matches }: CompiledBinding, crowd: Crowd): MatchCondition | undefined {
  let best: MatchCondition | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const condition of matches) {
    if (condition.equals === undefined) continue;
    const counts = crowd.get(condition.claim.name);
    const shared = condition.equals.reduce<number>(
      (n, value) => Math.max(n, counts?.get(value) ?? 0),
      0,
    );
    if (shared < fewest) {
      best = condition;
      fewest = shared;
    }
  }
  return best;
}

function file(
  drawers: Map<string, Drawer>,
  { claim, equals = [] }: MatchCondition,
  binding: CompiledBinding,
): void {
  const drawer = drawers.get(claim.name) ?? { claim, byValue: new Map<Json, CompiledBinding[]>() };
  drawers.set(claim.name, drawer);
  for (const value of new Set(equals)) {
    const pile = drawer.byValue.get(value) ?? [];
    pile.push(binding);
    drawer.byValue.set(value, pile);
  }
}

function collect(
  drawers: readonly Drawer[],
  unfiled: readonly CompiledBinding[],
  { claims }: Identity,
): readonly CompiledBinding[] {
  const piles = unfiled.length > 0 ? [unfiled] : [];
  for (const { claim, byValue } of drawers) {
    const value = lookUp(claims, claim.path);
    if (value === undefined) continue;
    // A list claim matches if any element does.
    for (const element of Array.isArray(value) ? value : [value]) {
      const pile = byValue.get(element);
      if (pile !== undefined) piles.push(pile);
    }
  }
  // A single list is in file order already.
  if (piles.length <= 1) return piles[0] ?? [];
  return [...new Set(piles.flat())].sort((a, b) => a.position - b.position);
}

function topLevelNames(bindings: readonly CompiledBinding[]): ReadonlySet<string> {
  const uses = bindings.flatMap(({ looksAt, roles }) => [
    ...looksAt,
    ...roles.flatMap((role) => role.looksAt),
  ]);
  return new Set(uses.map((use) => topLevel(use)));
}
