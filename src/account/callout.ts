import { isDeepStrictEqual } from 'node:util';
import type { CalloutAuthorization } from '../nats/account-claims.ts';
import type { AccountClaims } from './account-jwt.ts';

/**
 * The claims with `authorization` as it is wanted: our user, our accounts and our xkey, nothing of
 * anyone else's, since each of them lets users in. Members that we don't know stay. The same object
 * when nothing is to change.
 */
export function mergeCallout(found: AccountClaims, wanted: CalloutAuthorization): AccountClaims {
  const there = (found.nats['authorization'] ?? {}) as Readonly<Record<string, unknown>>;
  const { auth_users, allowed_accounts, xkey, ...unknown } = there;
  if (isDeepStrictEqual({ auth_users, allowed_accounts, xkey }, { ...NONE, ...wanted })) {
    return found;
  }
  return { ...found, nats: { ...found.nats, authorization: { ...wanted, ...unknown } } };
}

const NONE = { auth_users: undefined, allowed_accounts: undefined, xkey: undefined };
