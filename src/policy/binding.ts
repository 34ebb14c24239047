import type { Identity } from '../identity/identity.ts';
import type { ClaimUse } from './claim-name.ts';
import type { Condition } from './condition.ts';
import { emailIsVerified, looksAtEmail } from './email-verified.ts';
import { compileMatch, type MatchCondition } from './match/match.ts';
import type { BindingSpec, BindingTrace, PolicyProblem } from './policy.ts';
import type { CompiledRole } from './role.ts';
import type { WhenCompiler } from './when/when.ts';

/** A binding, ready to be held against identities of its issuer. */
export interface CompiledBinding {
  readonly spec: BindingSpec;
  /** Its place in the file, from 0: the first one that matches decides. */
  readonly position: number;
  readonly matches: readonly MatchCondition[];
  /** `matches`, `when` and what comes with them; all must hold. */
  readonly conditions: readonly Condition[];
  /** Every claim that the conditions look at, once. */
  readonly looksAt: readonly ClaimUse[];
  readonly roles: readonly CompiledRole[];
}

/** Compiles one binding. Every problem is added to `problems`; undefined where nothing can be made of it. */
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
    problems.push({ path: `${path}.name`, message: 'name the binding; logs and denials show it' });
  }
  if (typeof spec.issuer !== 'string') {
    problems.push({
      path: `${path}.issuer`,
      message: 'name the issuer whose identities these are',
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
      // To advise "let all of them in" because of a typo in a condition would turn it into a hole.
      unlessBelow: path,
      message:
        'without a condition every identity of the issuer would match: write the claims that they must have, such as { sub: alice }, or { sub: { glob: "*" } } to let all of them in',
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

/** The same, condition by condition; of another issuer's identity only the issuer is looked at. */
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
      message: 'list the roles that these identities may take, the default first',
    });
    return [];
  }
  return names.flatMap((name: unknown, index) => {
    const role = typeof name === 'string' ? roles.get(name) : undefined;
    if (role === undefined) {
      const what =
        typeof name === 'string' ? `there is no role "${name}"` : 'a role is named by its text';
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
