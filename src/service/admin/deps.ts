import type { Sessions } from '../../account/sessions.ts';
import type { AuditLog } from '../../audit/log.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import { Refusal } from '../../errors.ts';
import { parseRing, type Ring, RING_PREFIX } from '../../keyring/ring.ts';
import type { CredentialLedger } from '../../revocation/ledger.ts';
import { type SharedState, StoreUnavailable } from '../../store/shared-state.ts';
import type { RingedAccount } from '../signing/ringed-accounts.ts';

/** What the actions of administrators are made of. */
export interface AdminDeps {
  readonly clock: Clock;
  readonly state: SharedState;
  readonly ledger: CredentialLedger;
  readonly audit: AuditLog;
  /** The configuration in force; asked anew for each action. */
  readonly config: () => Pick<Config, 'accounts' | 'roles' | 'bindings' | 'issuers' | 'logins'>;
  /** Of them, the accounts whose keys are in a ring. */
  readonly ringed: () => readonly RingedAccount[];
  /** Undefined where the process has no access to the system account. */
  readonly sessions: Pick<Sessions, 'of'> | undefined;
}

export interface StoredRing {
  /** Name in the store. */
  readonly key: string;
  readonly ring: Ring;
  readonly revision: number;
}

/** Every ring, as it stands in the store right now. */
export async function readRings(state: SharedState): Promise<StoredRing[]> {
  return (await state.list(RING_PREFIX)).map(({ key, value, revision }) => ({
    key,
    ring: parseRing(value),
    revision,
  }));
}

/** So often a change is tried again that someone else was faster than. */
export const ATTEMPTS = 20;

/** For changes that lost every race: the store is reachable, and busier than it should ever be. */
export const BUSY = new Refusal(
  'store_unavailable',
  'Others keep changing the same thing. Nothing was changed; ask again.',
  { retryAfterSeconds: 1 },
);

/** A store out of reach is told as such: it is no fault of ours. */
export async function orStoreUnavailable<T>(action: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return new Refusal(
      'store_unavailable',
      'The store can not be reached. What was asked may have been done: look, then ask again.',
      { detail: String(error), retryAfterSeconds: 5 },
    );
  }
}

export function notFound(message: string): Refusal {
  return new Refusal('not_found', message);
}
