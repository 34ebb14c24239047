import type { RingKey } from '../keyring/ring.ts';
import { scopedSigningKey } from '../nats/account-claims.ts';
import { type AccountClaims, keyOf, type ListedKey } from './account-jwt.ts';
import { noWider, sameTemplate } from './template.ts';

/** Shown by `nsc describe account` beside a scoped key. */
const DESCRIPTION = 'nats-sts';

/** How the account JWT is to list a key of ours. */
export function listingOf({ publicKey, scope }: RingKey): ListedKey {
  if (!scope) return publicKey;
  const { role, template } = scope;
  return scopedSigningKey({ key: publicKey, role, template, description: DESCRIPTION });
}

/** Whether `listed` says to a server what we want of the key; the description may be another. */
export function isListedExactly(listed: ListedKey, { scope }: RingKey): boolean {
  if (typeof listed === 'string') return scope === undefined;
  if (!scope) return false;
  return listed.role === scope.role && sameTemplate(listed.template ?? {}, scope.template);
}

/**
 * Why a key that someone else lists can't sign for us, or undefined when it can: a key tied to a
 * role must be tied in the account JWT too, to that role's permissions or narrower ones.
 */
export function whyUnusable(claims: AccountClaims, key: RingKey): string | undefined {
  const listed = listedKey(claims, key.publicKey);
  if (listed === undefined) return 'not listed';
  if (typeof listed === 'string') return key.scope && 'listed plainly, not scoped';
  if (!key.scope) return `listed as scoped to role "${listed.role}", not plainly`;
  if (listed.role !== key.scope.role) return `scoped to another role, "${listed.role}"`;
  if (noWider(listed.template ?? {}, key.scope.template)) return undefined;
  return 'template differs: it allows more than the role does';
}

/** The entry of this key. An account's identity key needs none: it always signs, plainly. */
export function listedKey({ sub, nats }: AccountClaims, publicKey: string): ListedKey | undefined {
  if (publicKey === sub) return publicKey;
  return (nats.signing_keys ?? []).find((listed) => keyOf(listed) === publicKey);
}
