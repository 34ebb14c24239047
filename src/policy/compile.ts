import type { Identity } from '../identity/identity.ts';
import { type CompiledBinding, compileBinding, traceBinding } from './binding.ts';
import { indexBindings } from './binding-index.ts';
import { type Choices, choices } from './choices.ts';
import { decide } from './decide.ts';
import { decideDelegated } from './delegate.ts';
import type {
  Ask,
  BindingSpec,
  BindingTrace,
  Decision,
  PolicyProblem,
  RoleSpec,
} from './policy.ts';
import { type CompiledRole, compileRole } from './role.ts';
import { createWhenCompiler } from './when/when.ts';

/**
 * The compiled policy. Immutable; all functions are synchronous, do no I/O and keep no state
 * between calls, so any number of callers may share it. A denial is a value; nothing throws.
 */
export interface Policy {
  /** The roles by name, with their scoped form, or why there is none. */
  readonly roles: ReadonlyMap<string, CompiledRole>;
  /** What this identity gets. `ask` can narrow what the bindings allow, never widen it. */
  decide(identity: Identity, ask: Ask): Decision;
  /** What the subject gets when the actor acts for it (RFC 8693 §1.1). Both must be allowed the role. */
  decideDelegated(subject: Identity, actor: Identity, ask: Ask): Decision;
  /** Every role that this identity may ask for. */
  choices(identity: Identity): Choices;
  /**
   * The result of every binding, condition by condition, in file order. A binding for another issuer
   * has one condition, `issuer`, which failed.
   */
  explain(identity: Identity): readonly BindingTrace[];
}

/**
 * Compiles roles and bindings. Finds every problem at once, with its path in the file. Roles and bindings
 * with problems are left out, so a policy with problems must not be used.
 *
 * Conditions of `match` must have passed `matchSchema`: its bounds are not checked here again.
 *
 * `pathOf` gives the path in the file of the binding at an index, by default `bindings[index]`.
 */
export function compilePolicy({
  roles,
  bindings,
  pathOf = (index) => `bindings[${index}]`,
}: {
  readonly roles: readonly RoleSpec[];
  readonly bindings: readonly BindingSpec[];
  readonly pathOf?: (index: number) => string;
}): { policy: Policy; problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const byName = compileRoles(roles, problems);
  const compiled = compileBindings(bindings, pathOf, byName, problems);
  const rules = { issuers: indexBindings(compiled), roles: byName };
  const policy: Policy = {
    roles: byName,
    decide: (identity, ask) => decide(rules, identity, ask),
    decideDelegated: (subject, actor, ask) => decideDelegated(rules, { subject, actor }, ask),
    choices: (identity) => choices(rules, identity),
    explain: (identity) => compiled.map((binding) => traceBinding(binding, identity)),
  };
  return { policy, problems };
}

function compileRoles(
  specs: readonly RoleSpec[],
  problems: PolicyProblem[],
): ReadonlyMap<string, CompiledRole> {
  const roles = new Map<string, CompiledRole>();
  for (const [index, spec] of specs.entries()) {
    if (!isObject(spec) || typeof spec.name !== 'string' || spec.name === '') {
      problems.push({ path: `roles[${index}]`, message: 'has no name: give the role a name' });
    } else if (roles.has(spec.name)) {
      problems.push({
        path: `roles.${spec.name}`,
        message: 'is the name of two roles: rename one of them',
      });
    } else {
      roles.set(spec.name, compileRole(spec, `roles.${spec.name}`, problems));
    }
  }
  return roles;
}

function compileBindings(
  specs: readonly BindingSpec[],
  pathOf: (index: number) => string,
  roles: ReadonlyMap<string, CompiledRole>,
  problems: PolicyProblem[],
): readonly CompiledBinding[] {
  const compileWhen = createWhenCompiler();
  return specs.flatMap((spec, position) => {
    const at = { position, path: pathOf(position) };
    return compileBinding(spec, at, { roles, compileWhen, problems }) ?? [];
  });
}

/** Checked even though the type says so: people write the input. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
