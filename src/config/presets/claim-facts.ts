import type { ClaimType } from '../../policy/match/operators.ts';

/** What is certain about a provider's claims, by their names in `match`. Nothing is known about others. */
export interface ClaimFacts {
  /** Includes IDs and flags that are written as text: GitHub's `ref_protected` is `"true"`. */
  readonly text?: readonly string[];
  readonly number?: readonly string[];
  /** True or false. */
  readonly flag?: readonly string[];
  /** Texts whose values usually have upper-case letters. */
  readonly mixedCase?: readonly string[];
}

/** RFC 7519 §4.1, OIDC Core §2: the same for everyone. */
const REGISTERED: ClaimFacts = {
  text: ['iss', 'sub', 'aud', 'jti', 'azp'],
  number: ['exp', 'iat', 'nbf', 'auth_time'],
};

/** Issuers that have no preset. */
const WITHOUT_PRESET: Readonly<Record<string, { readonly title: string } & ClaimFacts>> = {
  'https://app.terraform.io': {
    title: 'HCP Terraform',
    text: [
      'terraform_organization_name',
      'terraform_project_name',
      'terraform_workspace_name',
      'terraform_full_workspace',
      'terraform_run_phase',
    ],
    mixedCase: [
      'terraform_organization_id',
      'terraform_project_id',
      'terraform_workspace_id',
      'terraform_run_id',
    ],
  },
};

export function factsWithoutPreset(issuer: string): ({ title: string } & ClaimFacts) | undefined {
  return Object.hasOwn(WITHOUT_PRESET, issuer) ? WITHOUT_PRESET[issuer] : undefined;
}

/** What type a claim has, if that is known. */
export function typeOfClaim(facts: ClaimFacts, claim: string): ClaimType | undefined {
  for (const { text = [], number = [], flag = [], mixedCase = [] } of [facts, REGISTERED]) {
    if (text.includes(claim) || mixedCase.includes(claim)) return 'text';
    if (number.includes(claim)) return 'number';
    if (flag.includes(claim)) return 'flag';
  }
  return undefined;
}
