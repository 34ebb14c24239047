import { lookUp } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import { type CompiledBinding, traceBinding } from './binding.ts';
import type { BindingTrace } from './policy.ts';

/** How many bindings are traced to find the closest. */
const MAX_TRACED = 256;
/** How many are considered to choose those. */
const MAX_COUNTED = 1024;

export interface Nearest {
  readonly binding: CompiledBinding;
  readonly trace: BindingTrace;
}

/**
 * The binding that came closest: the fewest failed conditions, then the earliest in the file.
 *
 * Only for denials. Anyone can cause those, so the work is bounded: of the first 1024 bindings of the
 * issuer, at most 256 are traced, those with the most equality conditions met first, then in file order.
 */
export function findNearest(
  bindings: readonly CompiledBinding[],
  identity: Identity,
): Nearest | undefined {
  let nearest: Nearest | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const binding of likeliest(bindings, identity)) {
    const trace = traceBinding(binding, identity);
    const failed = trace.conditions.filter(({ held }) => !held).length;
    const earlier = failed === fewest && binding.position < (nearest?.binding.position ?? 0);
    if (failed < fewest || earlier) {
      nearest = { binding, trace };
      fewest = failed;
    }
  }
  return nearest;
}

function likeliest(
  bindings: readonly CompiledBinding[],
  identity: Identity,
): readonly CompiledBinding[] {
  if (bindings.length <= MAX_TRACED) return bindings;
  return bindings
    .slice(0, MAX_COUNTED)
    .map((binding) => ({ binding, shared: sharedEqualities(binding, identity) }))
    .sort((a, b) => b.shared - a.shared)
    .slice(0, MAX_TRACED)
    .map(({ binding }) => binding);
}

function sharedEqualities({ matches }: CompiledBinding, { claims }: Identity): number {
  return matches.filter(({ claim, equals }) => {
    const value = lookUp(claims, claim.path);
    return typeof value !== 'object' && equals?.some((wanted) => wanted === value) === true;
  }).length;
}

/** A condition of a binding that did not hold, short enough for a record. */
interface FailedCondition {
  readonly on: string;
  readonly expected: string;
  readonly note?: string;
}

const MOST_FAILED = 5;
const MOST_CHARACTERS = 256;

/** The conditions that did not hold, the first ones, for the record of a denial. */
export function failedConditions(trace: BindingTrace | undefined): FailedCondition[] {
  const failed = (trace?.conditions ?? []).filter(({ held }) => !held).slice(0, MOST_FAILED);
  return failed.map(({ on, expected, note }) => ({
    on,
    expected: expected.slice(0, MOST_CHARACTERS),
    ...(note !== undefined && { note }),
  }));
}
