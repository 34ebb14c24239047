import { Refusal } from '../errors.ts';
import { malformed } from './checks.ts';
import { type ClaimPath, lookUp, own, parseClaimPath } from './claims.ts';
import type { Claims, Json } from './identity.ts';
import type { IssuerSpec } from './issuer.ts';
import { isLightweight, LIGHTWEIGHT } from './keycloak-lightweight.ts';
import { showAll } from './show.ts';

/** Ways to name the subject, by preference, made ready once. */
export type SubjectRule = readonly {
  readonly names: readonly string[];
  readonly paths: readonly ClaimPath[];
}[];

export function subjectRule(spec: IssuerSpec): SubjectRule {
  return spec.subject.map((names) => ({ names, paths: names.map(parseClaimPath) }));
}

/** It is recorded with everything that is asked in its name. */
const MAX_SUBJECT_CHARACTERS = 1024;

/**
 * Who the token is about: the first entry whose claims are all present, joined by `/`.
 *
 * A claim that is present but empty or not a string is a refusal, not a reason to go on to the next
 * entry: the next one would name somebody else.
 */
export function subjectOf(claims: Claims, rule: SubjectRule): string | Refusal {
  for (const { names, paths } of rule) {
    const values = paths.map((path) => lookUp(claims, path));
    if (values.includes(undefined)) continue;
    // An address that nobody verified is anybody's (nOAuth).
    if (paths.some(([first]) => first === 'email') && own(claims, 'email_verified') !== true) {
      return malformed('email', 'is not verified, so it names nobody');
    }
    return joined(names, values);
  }
  const wanted = rule.map(({ names }) => showAll(names)).join(', or ');
  const hint = isLightweight(claims) ? `; ${LIGHTWEIGHT}` : '';
  return new Refusal('claim_missing', `The token names no subject: it has no ${wanted}${hint}.`);
}

function joined(names: readonly string[], values: readonly (Json | undefined)[]): string | Refusal {
  const parts: string[] = [];
  for (const [index, value] of values.entries()) {
    const name = names[index] ?? '';
    if (typeof value !== 'string' || value === '')
      return malformed(name, 'is empty or not a string');
    // Or else "a/b" and "c" would be the same subject as "a" and "b/c".
    if (values.length > 1 && value.includes('/')) return malformed(name, 'contains a "/"');
    parts.push(value);
  }
  const subject = parts.join('/');
  return subject.length <= MAX_SUBJECT_CHARACTERS
    ? subject
    : malformed(names[0] ?? '', 'is too long');
}
