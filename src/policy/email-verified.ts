import { own } from '../identity/claims.ts';
import { type ClaimUse, claimUse, topLevel } from './claim-name.ts';
import type { Condition } from './condition.ts';

const EMAIL_VERIFIED = claimUse(['email_verified']);

/** Whether one of these claims is the e-mail address. */
export function looksAtEmail(uses: readonly ClaimUse[]): boolean {
  return uses.some((use) => topLevel(use) === 'email');
}

/**
 * The condition that comes with every binding that looks at `email` (OIDC Core §5.1): an address
 * that the issuer did not verify is whatever its owner typed in (nOAuth).
 */
export const emailIsVerified: Condition = {
  looksAt: [EMAIL_VERIFIED],
  holds: ({ claims }) => own(claims, 'email_verified') === true,
  trace: ({ claims }) => {
    const seen = own(claims, 'email_verified');
    return {
      on: EMAIL_VERIFIED.name,
      expected: 'true',
      seen,
      held: seen === true,
      note: 'demanded of every binding that looks at "email"',
    };
  },
};
