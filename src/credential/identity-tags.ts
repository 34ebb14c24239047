import type { Identity } from '../identity/identity.ts';
import type { Grant } from '../policy/policy.ts';
import { encodeToken } from '../policy/token.ts';

/**
 * The identity behind a credential, as tags of the user JWT: what `nats server report` and other
 * tools show of a connection. Every value is encoded to one plain subject token, because a scoped
 * template (`{{tag(…)}}`, `{{name()}}`) would put it into a subject unchecked.
 */
export function identityTags(
  identity: Identity,
  actor: Identity | undefined,
  { role }: Grant,
): string[] {
  const tags = [
    `sts-issuer:${tokenOf(identity.issuerName)}`,
    `sts-subject:${tokenOf(identity.subject)}`,
    `sts-role:${tokenOf(role.name)}`,
  ];
  if (actor) {
    tags.push(`sts-actor-issuer:${tokenOf(actor.issuerName)}`);
    tags.push(`sts-actor-subject:${tokenOf(actor.subject)}`);
  }
  return tags;
}

/** The user's name in NATS. */
export function nameOf({ subject }: Identity): string {
  return tokenOf(subject);
}

/** Names come from a configuration and subjects from strict JSON, so every one has a UTF-8 form. */
function tokenOf(value: string): string {
  const token = encodeToken(value);
  if (token === undefined) throw new TypeError('a name is not well-formed Unicode');
  return token;
}
