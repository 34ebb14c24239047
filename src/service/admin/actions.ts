import type { AdminActions } from '../../http/admin/actions.ts';
import { listCredentials } from './credentials.ts';
import { listKeys } from './keys.ts';
import { type AdminParts, orStoreUnavailable } from './parts.ts';
import { revokeKeyOf } from './revoke-key.ts';
import { lift, listRevocations, revoke } from './revocations.ts';
import { rotate } from './rotate.ts';

/** What administrators can do, over the shared store. */
export function adminActions(parts: AdminParts): AdminActions {
  return {
    keys: () => orStoreUnavailable(() => listKeys(parts)),
    rotate: (ask, caller) => orStoreUnavailable(() => rotate(parts, ask, caller)),
    revokeKey: (ask, caller) => orStoreUnavailable(() => revokeKeyOf(parts, ask, caller)),
    revocations: () => orStoreUnavailable(() => listRevocations(parts)),
    revoke: (ask, caller) => orStoreUnavailable(() => revoke(parts, ask, caller)),
    lift: (id, caller) => orStoreUnavailable(() => lift(parts, id, caller)),
    credentials: (ask) => orStoreUnavailable(() => listCredentials(parts, ask)),
  };
}
