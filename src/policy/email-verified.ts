import { own } from '../identity/claims.ts';
import { type ClaimUse, claimUse, topLevel } from './claim-name.ts';
import type { Condition } from './condition.ts';

const EMAIL_VERIFIED = claimUse(['email_verified']);

/** Whether one of these claims is the email address. */
export function looksAtEmail(uses: readonly ClaimUse[]): boolean {
  return uses.some((use) => topLevel(use) === 'email');
}

/**
 * The implied condition of every binding that reads `email` (OIDC Core §5.1): without verification, the
 * address is whatever the user entered (nOAuth).
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
      note: 'required by every binding on "email"',
    };
  },
};
