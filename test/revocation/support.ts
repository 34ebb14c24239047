import type { IssuedCredential } from '../../src/revocation/ledger.ts';
import type { Revocable } from '../../src/revocation/match.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';

/** Unix seconds. */
export const AT = 1_795_343_400;

export function revocation(changes: Partial<Revocation> = {}): Revocation {
  return {
    id: '0123456789ab',
    target: { issuer: 'entra', subject: 'alice' },
    reason: 'left the company',
    block: false,
    at: AT,
    by: { issuerName: 'entra', subject: 'admin' },
    until: AT + 86_400,
    ...changes,
  };
}

/** What the revocation above applies to. */
export function revocable(changes: Partial<Revocable> = {}): Revocable {
  return {
    issuerName: 'entra',
    subject: 'alice',
    role: 'reader',
    binding: 'people',
    tokenIssuedAt: AT - 10,
    issuedAt: AT + 20,
    ...changes,
  };
}

/** A credential that the revocation above applies to. */
export function credential(changes: Partial<IssuedCredential> = {}): IssuedCredential {
  return {
    ...revocable(),
    user: 'UALICE',
    account: 'APP',
    signingKey: 'AKEY',
    issuedAt: AT - 5,
    expiresAt: AT + 895,
    ...changes,
  };
}
