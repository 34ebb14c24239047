import type { AdminActions } from '../../http/admin/actions.ts';
import { listCredentials } from './credentials.ts';
import { listKeys } from './keys.ts';
import { type AdminDeps, orStoreUnavailable } from './deps.ts';
import { revokeKeyOf } from './revoke-key.ts';
import { lift, listRevocations, revoke } from './revocations.ts';
import { rotate } from './rotate.ts';

/** What administrators can do, over the shared store. */
export function adminActions(deps: AdminDeps): AdminActions {
  return {
    keys: () => orStoreUnavailable(() => listKeys(deps)),
    rotate: (ask, caller) => orStoreUnavailable(() => rotate(deps, ask, caller)),
    revokeKey: (ask, caller) => orStoreUnavailable(() => revokeKeyOf(deps, ask, caller)),
    revocations: () => orStoreUnavailable(() => listRevocations(deps)),
    revoke: (ask, caller) => orStoreUnavailable(() => revoke(deps, ask, caller)),
    lift: (id, caller) => orStoreUnavailable(() => lift(deps, id, caller)),
    credentials: (ask) => orStoreUnavailable(() => listCredentials(deps, ask)),
  };
}
