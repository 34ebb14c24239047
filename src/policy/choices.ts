import type { Identity } from '../identity/identity.ts';
import { denyOverage, grant, options, refuse, type Rules } from './decide.ts';
import type { Denial, Grant } from './policy.ts';

/** The roles that an identity may choose from. */
export interface Choices {
  /** One for each role, the default first, each from the binding that decides requests for that role. */
  readonly grants: readonly Grant[];
  /** Roles that a binding gives, but whose templates do not accept the values of the identity. */
  readonly unfit: readonly { readonly role: string; readonly denial: Denial }[];
  /** Why there are no grants. Absent if there are any. */
  readonly denial?: Denial;
}

/** What `decide` would answer for each role that the identity can ask for. Synchronous, no I/O. */
export function choices(rules: Rules, identity: Identity): Choices {
  const index = rules.issuers.get(identity.issuerName);
  const overage = denyOverage(index, identity);
  if (overage !== undefined) return { grants: [], unfit: [], ...overage };
  const grants: Grant[] = [];
  const unfit: { role: string; denial: Denial }[] = [];
  const seen = new Set<string>();
  for (const option of options(index, identity, {})) {
    const role = option.role.spec.name;
    if (seen.has(role)) continue;
    seen.add(role);
    const decision = grant(option, identity, {});
    if ('grant' in decision) grants.push(decision.grant);
    else unfit.push({ role, denial: decision.denial });
  }
  if (grants.length > 0) return { grants, unfit };
  const [first] = unfit;
  return { grants, unfit, ...(first ? { denial: first.denial } : refuse(rules, identity, {})) };
}
