import { hash } from 'node:crypto';
import { Refusal } from '../errors.ts';
import { checkAudience, checkRequired, demandsOf } from './checks.ts';
import { own } from './claims.ts';
import type { Claims, Identity } from './identity.ts';
import type { IssuerSpec } from './issuer.ts';
import { subjectOf, subjectRule } from './subject.ts';

/**
 * What an issuer's token with these claims would be taken for: nothing is verified. For asking the
 * policy "what if" (`explain --claims`, golden cases); never for issuing anything.
 */
export function claimedIdentity(spec: IssuerSpec, claims: Claims): Identity | Refusal {
  const subject = subjectOf(claims, subjectRule(spec));
  if (subject instanceof Refusal) return subject;
  const iss = own(claims, 'iss');
  return {
    issuerName: spec.name,
    issuer: spec.issuers.find((issuer) => issuer === iss) ?? spec.issuers[0] ?? '',
    subject,
    kind: 'jwt',
    claims,
    issuedAt: seconds(own(claims, 'iat')),
    expiresAt: seconds(own(claims, 'exp')),
    tokenHash: hash('sha256', JSON.stringify(claims)),
  };
}

/** Why a real token with these claims would not even come before the policy, where claims alone tell. */
export function claimedRejections(spec: IssuerSpec, claims: Claims): Refusal[] {
  const demands = demandsOf(spec);
  return [checkAudience(claims, demands), checkRequired(claims, demands)].filter(
    (refusal) => refusal !== undefined,
  );
}

function seconds(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
