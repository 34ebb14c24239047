import type { RingKey } from '../keyring/ring.ts';
import { scopedSigningKey } from '../nats/account-claims.ts';
import { type AccountClaims, keyOf, type ListedKey } from './account-jwt.ts';
import { sameTemplate, templateFault } from './template.ts';

/** Shown by `nsc describe account` beside a scoped key. */
const DESCRIPTION = 'nats-sts';

/** Of a key that is given for one role. */
export const LISTED_PLAINLY =
  'it is listed as a plain key, not as a scoped one: its users could do anything';

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
 * role must be tied in the account JWT too, to that role's permissions or narrower ones. An end of
 * the sentence that begins with the key.
 */
export function whyUnusable(
  claims: AccountClaims,
  key: Pick<RingKey, 'publicKey' | 'scope'>,
): string | undefined {
  const listed = listedKey(claims, key.publicKey);
  if (listed === undefined) return 'the account does not list it';
  if (typeof listed === 'string') return key.scope && LISTED_PLAINLY;
  if (!key.scope) return `it is the scoped key of role "${listed.role}", not a plain signing key`;
  if (listed.role !== key.scope.role)
    return `it is the scoped key of another role, "${listed.role}"`;
  const fault = templateFault(listed.template ?? {}, key.scope.template);
  return fault && `its template differs from role ${key.scope.role}: ${fault}`;
}

/**
 * The entry of this key; of several, the one that counts for servers. An account's identity key needs
 * none: it always signs, plainly.
 */
export function listedKey({ sub, nats }: AccountClaims, publicKey: string): ListedKey | undefined {
  if (publicKey === sub) return publicKey;
  return (nats.signing_keys ?? []).findLast((listed) => keyOf(listed) === publicKey);
}
