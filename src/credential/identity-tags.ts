import type { Identity } from '../identity/identity.ts';
import type { Grant } from '../policy/policy.ts';
import { encodeToken } from '../policy/token.ts';

/**
 * The identity behind a credential, as tags of the user JWT: what `nats server report` and other
 * tools show of a connection. Every value is encoded to one plain subject token, because a scoped
 * template (`{{tag(…)}}`, `{{name()}}`) would put it into a subject unchecked. `name`: as `nameOf`
 * says.
 */
export function identityTags(
  identity: Identity,
  actor: Identity | undefined,
  { role }: Grant,
  name: string,
): string[] {
  const tags = [
    `sts-issuer:${encodeToken(identity.issuerName)}`,
    `sts-subject:${name}`,
    `sts-role:${encodeToken(role.name)}`,
  ];
  if (actor) {
    tags.push(`sts-actor-issuer:${encodeToken(actor.issuerName)}`);
    tags.push(`sts-actor-subject:${encodeToken(actor.subject)}`);
  }
  return tags;
}

/** The user's name in NATS. */
export function nameOf({ subject }: Identity): string {
  return encodeToken(subject);
}
