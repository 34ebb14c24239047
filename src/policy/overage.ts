import { Refusal } from '../errors.ts';
import { own } from '../identity/claims.ts';
import type { Claims } from '../identity/identity.ts';

/**
 * The refusal of a token that says it leaves out a claim which the policy looks at: Entra does so
 * with the groups of people in many of them, by `_claim_names` (distributed claims, OIDC Core
 * §5.6.2) or `hasgroups`. A decision without the claim could be another than with it. The URL that
 * `_claim_sources` holds is never fetched.
 *
 * `_claim_names` may be anything, so only our own names are looked up in it.
 */
export function findOverage(claims: Claims, looksAt: ReadonlySet<string>): Refusal | undefined {
  const names = own(claims, '_claim_names');
  const named = typeof names === 'object' && names !== null && !Array.isArray(names) ? names : {};
  for (const claim of looksAt) {
    const leftOut = own(named, claim) !== undefined;
    if (leftOut || (claim === 'groups' && own(claims, 'hasgroups') === true)) return refuse(claim);
  }
  return undefined;
}

function refuse(claim: string): Refusal {
  return new Refusal(
    'groups_overage',
    `The token leaves out its "${claim}" claim because it has too many values, so nothing can be decided by it. ` +
      'Ask for a token that holds only the groups assigned to this application, or app roles instead.',
    { detail: `the claim ${JSON.stringify(claim)} is distributed or left out` },
  );
}
