import { type Problem, Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { compilePolicy } from './compile.ts';
import type { BindingSpec, Denial, RoleSpec } from './policy.ts';

/** An admin rule: identities of this issuer whose claims match may administer. Its name is its path in the file. */
export interface AdminRule extends Pick<BindingSpec, 'name' | 'issuer' | 'match'> {
  /** A condition on the audience, in addition to `match`. */
  readonly audience?: BindingSpec['match'];
}

/** Who may administer, compiled. Immutable; no I/O. */
export interface AdminPolicy {
  /** Whether there are any rules. Without one, nobody may administer. */
  readonly configured: boolean;
  /** Undefined if this identity may administer, else why not, with the rule that came closest. */
  deny(identity: Identity): Denial | undefined;
}

/**
 * Compiles the rules like bindings, so that matching, verified email addresses, and omitted groups work
 * the same. Finds every problem at once, with its path (`admin[0].match.groups`).
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
 * An audience alone is not a condition: everyone with a token for this service would be an administrator.
 * A rule without another condition is left without any, which the compiler reports.
 */
function matchOf({ match, audience }: AdminRule): BindingSpec['match'] {
  return Object.keys(match).length === 0 ? match : { ...match, ...audience };
}

/** What admin rules give. Nobody gets a credential with this role. */
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
