import { Refusal } from '../errors.ts';
import { own } from '../identity/claims.ts';
import type { Claims } from '../identity/identity.ts';

/**
 * Denies a token that says it omits a claim which the policy reads. Entra does so for people in many
 * groups, by `_claim_names` (distributed claims, OIDC Core §5.6.2) or `hasgroups`. Without the claim, the
 * decision could differ. The URL in `_claim_sources` is never fetched.
 *
 * `_claim_names` is untrusted, so only known names are looked up in it.
 */
export function findOverage(claims: Claims, looksAt: ReadonlySet<string>): Refusal | undefined {
  const names = own(claims, '_claim_names');
  if (names === undefined && own(claims, 'hasgroups') !== true) return undefined;
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
    `The token omits its "${claim}" claim because it has too many values, so the policy cannot decide. ` +
      'Request a token with only the groups assigned to this application, or use app roles.',
    { detail: `the claim ${JSON.stringify(claim)} is distributed or omitted` },
  );
}
