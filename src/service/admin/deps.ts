import type { Sessions } from '../../account/system/sessions.ts';
import type { AuditLog } from '../../audit/log.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import { Refusal } from '../../errors.ts';
import { parseRing, type Ring, RING_PREFIX } from '../../keyring/ring.ts';
import type { CredentialLedger } from '../../revocation/ledger.ts';
import { type SharedState, StoreUnavailable } from '../../store/shared-state.ts';
import type { RingedAccount } from '../signing/ringed-accounts.ts';

/** The dependencies of the actions. */
export interface AdminDeps {
  readonly clock: Clock;
  readonly state: SharedState;
  readonly ledger: CredentialLedger;
  readonly audit: AuditLog;
  /** The configuration in force; each action calls it. */
  readonly config: () => Pick<Config, 'accounts' | 'roles' | 'bindings' | 'issuers' | 'logins'>;
  /** The accounts whose keys are in a ring. */
  readonly ringed: () => readonly RingedAccount[];
  /** Undefined if the process has no access to the system account. */
  readonly sessions: Pick<Sessions, 'of'> | undefined;
}

export interface StoredRing {
  /** Name in the store. */
  readonly key: string;
  readonly ring: Ring;
  readonly revision: number;
}

/** Every ring in the store, as it is now. */
export async function readRings(state: SharedState): Promise<StoredRing[]> {
  return (await state.list(RING_PREFIX)).map(({ key, value, revision }) => ({
    key,
    ring: parseRing(value),
    revision,
  }));
}

/** How often a change is tried while others change the same entry first. */
export const ATTEMPTS = 20;

/** For a change that lost every race. The store is reachable, but far too busy. */
export const BUSY = new Refusal(
  'store_unavailable',
  'Other requests keep changing the same entry. Nothing was changed; try again.',
  { retryAfterSeconds: 1 },
);

/** Turns an unreachable store into a refusal. */
export async function orStoreUnavailable<T>(action: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return new Refusal(
      'store_unavailable',
      'The store cannot be reached. The change may have been made: check, then try again.',
      { detail: String(error), retryAfterSeconds: 5 },
    );
  }
}

export function notFound(message: string): Refusal {
  return new Refusal('not_found', message);
}
