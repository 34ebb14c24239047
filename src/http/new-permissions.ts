import type { Issued } from '../exchange.ts';

/** A member of answers; absent when the credential has the permissions that its role has now. */
export interface NewPermissions {
  readonly new_permissions_in?: number;
}

/** Says that a credential has the permissions of before a change of its role, and when to ask for one that has the new ones. */
export function newPermissions({ pending }: Pick<Issued, 'pending'>): NewPermissions {
  return pending ? { new_permissions_in: pending.seconds } : {};
}
