import type { Identity } from '../identity/identity.ts';
import type { ClaimUse } from './claim-name.ts';
import type { Condition } from './condition.ts';
import { emailIsVerified, looksAtEmail } from './email-verified.ts';
import { compileMatch, type MatchCondition } from './match/match.ts';
import type { BindingSpec, BindingTrace, PolicyProblem } from './policy.ts';
import type { CompiledRole } from './role.ts';
import type { WhenCompiler } from './when/when.ts';

/** A binding, ready to be matched with identities of its issuer. */
export interface CompiledBinding {
  readonly spec: BindingSpec;
  /** Its position in the file, from 0. The first binding that matches decides. */
  readonly position: number;
  readonly matches: readonly MatchCondition[];
  /** `matches`, `when`, and implied conditions. All must hold. */
  readonly conditions: readonly Condition[];
  /** Every claim that the conditions read, once. */
  readonly looksAt: readonly ClaimUse[];
  readonly roles: readonly CompiledRole[];
}

/** Compiles one binding. Adds every problem to `problems`; undefined if there are any. */
export function compileBinding(
  spec: BindingSpec,
  { position, path }: { position: number; path: string },
  {
    roles,
    compileWhen,
    problems,
  }: {
    roles: ReadonlyMap<string, CompiledRole>;
    compileWhen: WhenCompiler;
    problems: PolicyProblem[];
  },
): CompiledBinding | undefined {
  const before = problems.length;
  if (typeof spec.name !== 'string') {
    problems.push({
      path: `${path}.name`,
      message: 'is missing: name the binding, for logs and denials',
    });
  }
  if (typeof spec.issuer !== 'string') {
    problems.push({
      path: `${path}.issuer`,
      message: 'is missing: name the issuer of these identities',
    });
  }
  const matches = compileMatches(spec.match, `${path}.match`, problems);
  const when = spec.when === undefined ? undefined : compileWhen(spec.when);
  if (typeof when === 'string') problems.push({ path: `${path}.when`, message: when });
  const taken = findRoles(spec.roles, roles, `${path}.roles`, problems);
  const written = [...matches, ...(typeof when === 'object' ? [when] : [])];
  if (problems.length === before && written.length === 0) {
    problems.push({
      path: `${path}.match`,
      // After a typo in a condition, this advice would open a hole.
      unlessBelow: path,
      message:
        'has no condition, so every identity of the issuer would match: write required claims, such as { sub: alice }, or { sub: { glob: "*" } } to let everyone in',
    });
  }
  if (problems.length > before) return undefined;
  const conditions = withImplied(written);
  return { spec, position, matches, conditions, looksAt: uniqueUses(conditions), roles: taken };
}

/** Whether the identity (of the binding's issuer) meets every condition. */
export function matches({ conditions }: CompiledBinding, identity: Identity): boolean {
  return conditions.every((condition) => condition.holds(identity));
}

/** The same, condition by condition. For an identity of another issuer, only the issuer is compared. */
export function traceBinding(
  { spec, conditions }: CompiledBinding,
  identity: Identity,
): BindingTrace {
  const traces =
    spec.issuer === identity.issuerName
      ? conditions.map((condition) => condition.trace(identity))
      : [
          {
            on: 'issuer',
            expected: JSON.stringify(spec.issuer),
            seen: identity.issuerName,
            held: false,
          },
        ];
  return {
    binding: spec.name,
    roles: spec.roles,
    conditions: traces,
    held: traces.every(({ held }) => held),
  };
}

function compileMatches(
  match: BindingSpec['match'],
  path: string,
  problems: PolicyProblem[],
): MatchCondition[] {
  return Object.entries(match).flatMap(
    ([key, spec]) => compileMatch(key, spec, `${path}.${key}`, problems) ?? [],
  );
}

function findRoles(
  names: unknown,
  roles: ReadonlyMap<string, CompiledRole>,
  path: string,
  problems: PolicyProblem[],
): CompiledRole[] {
  if (!Array.isArray(names) || names.length === 0) {
    problems.push({
      path,
      message: 'is empty: list the roles that these identities may have, the default first',
    });
    return [];
  }
  return names.flatMap((name: unknown, index) => {
    const role = typeof name === 'string' ? roles.get(name) : undefined;
    if (role === undefined) {
      const what =
        typeof name === 'string' ? `there is no role "${name}"` : 'a role name must be text';
      problems.push({ path: `${path}[${index}]`, message: what, unknownRole: true });
    }
    return role ?? [];
  });
}

function withImplied(conditions: readonly Condition[]): readonly Condition[] {
  const email = looksAtEmail(conditions.flatMap(({ looksAt }) => looksAt));
  return email ? [...conditions, emailIsVerified] : conditions;
}

function uniqueUses(conditions: readonly Condition[]): readonly ClaimUse[] {
  const uses = conditions.flatMap(({ looksAt }) => looksAt);
  return [...new Map(uses.map((use) => [use.name, use])).values()];
}
