import { type Problem, Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { compilePolicy } from './compile.ts';
import type { BindingSpec, Denial, RoleSpec } from './policy.ts';

/** A rule of who may administer: identities of this issuer whose claims match. Its name is its path in the file. */
export interface AdminRule extends Pick<BindingSpec, 'name' | 'issuer' | 'match'> {
  /** What tokens must say besides about whom they are for. */
  readonly audience?: BindingSpec['match'];
}

/** Who may administer, compiled. Immutable; no I/O. */
export interface AdminPolicy {
  /** Whether there are any rules: without one nobody may. */
  readonly configured: boolean;
  /** Undefined: this identity may. Else why not, with the rule that came nearest. */
  deny(identity: Identity): Denial | undefined;
}

/**
 * Compiles the rules by what bindings go by: matching, verified e-mail addresses, left-out groups.
 * Every problem is found at once, with its path (`admin[0].match.groups`).
 */
export function compileAdmin(rules: readonly AdminRule[]): {
  admin: AdminPolicy;
  problems: Problem[];
} {
  const { policy, problems } = compilePolicy({
    roles: [ADMINISTRATOR],
    bindings: rules.map((rule) => ({ ...rule, match: matchOf(rule), roles: [ADMINISTRATOR.name] })),
    pathOf: (index) => rules[index]?.name ?? '',
  });
  return {
    admin: {
      configured: rules.length > 0,
      deny: (identity) => {
        const decision = policy.decide(identity, {});
        return 'grant' in decision ? undefined : asAdministrator(decision.denial);
      },
    },
    problems,
  };
}

/**
 * An audience alone is no condition: everyone for whom a token is meant would be an administrator. A
 * rule with no other gets none, and so is a problem.
 */
function matchOf({ match, audience }: AdminRule): BindingSpec['match'] {
  return Object.keys(match).length === 0 ? match : { ...match, ...audience };
}

/** All that a rule gives: nobody gets a credential of this role. */
const ADMINISTRATOR: RoleSpec = {
  name: 'administrator',
  account: '-',
  publish: { allow: [], deny: [] },
  subscribe: { allow: [], deny: [] },
  limits: {},
  maxTtlSeconds: 1,
};

const NOT_ADMIN = new Refusal('not_admin', 'This identity may not administer the service.');

function asAdministrator(denial: Denial): Denial {
  return denial.refusal.reason === 'no_binding' ? { ...denial, refusal: NOT_ADMIN } : denial;
}
