import type { Sessions } from '../../account/sessions.ts';
import type { Admin } from '../../http/admin/actions.ts';
import type { Foundation } from '../foundation.ts';
import type { Generation } from '../generation.ts';
import { authenticateAdmin } from './access.ts';
import { adminActions } from './actions.ts';

/** What the admin routes need: who may, by the configuration in force, and what they can do. */
export function adminOf({
  foundation,
  current,
  sessions,
}: {
  readonly foundation: Foundation;
  readonly current: () => Generation;
  /** Undefined where the process has no access to the system account. */
  readonly sessions: Sessions | undefined;
}): Admin {
  return {
    authenticate: (request) => authenticateAdmin(current, request),
    actions: adminActions({
      ...foundation,
      config: () => current().config,
      ringed: () => current().ringed,
      sessions,
    }),
  };
}
