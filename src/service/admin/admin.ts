import type { Sessions } from '../../account/system/sessions.ts';
import type { Admin, AdminActions } from '../../http/admin/actions.ts';
import type { Resources } from '../resources.ts';
import type { Generation } from '../generation.ts';
import { authenticateAdmin } from './access.ts';
import { listCredentials } from './credentials.ts';
import { type AdminDeps, orStoreUnavailable } from './deps.ts';
import { listKeys } from './keys.ts';
import { lift, listRevocations, revoke } from './revocations.ts';
import { revokeKeyOf } from './revoke-key.ts';
import { rotate } from './rotate.ts';

/** The dependencies of the admin routes: authentication by the configuration in force, and the actions. */
export function adminOf({
  resources,
  current,
  sessions,
}: {
  readonly resources: Resources;
  readonly current: () => Generation;
  /** Undefined if the process has no access to the system account. */
  readonly sessions: Pick<Sessions, 'of'> | undefined;
}): Admin {
  return {
    authenticate: (request) => authenticateAdmin(current, request),
    actions: adminActions({
      ...resources,
      config: () => current().config,
      ringed: () => current().ringed,
      sessions,
    }),
  };
}

/** The actions of administrators, on the shared store. */
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
