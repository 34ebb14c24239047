import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type SingleUse, SingleUseFull, SingleUseUnavailable } from '../identity/single-use.ts';
import { type SharedState, StoreUnavailable } from '../store/shared-state.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { TextSealer } from './sealing.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { Caller, Session } from './session.ts';

/** What handovers are made of. */
export interface HandoverParts {
  readonly state: Pick<SharedState, 'list' | 'write'>;
  readonly sealer: TextSealer;
  readonly keeper: SessionKeeper;
  readonly singleUse: SingleUse;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** One answer for whatever is wrong with a code or token: a guess learns nothing (RFC 6749 §5.2, `invalid_grant`). */
export function grantInvalid(detail: string): Refusal {
  return new Refusal(
    'grant_invalid',
    'This code or token is not valid: it was used, has ended, or was made for another request.',
    { detail },
  );
}

/** Who a session is, for the record. */
export function whoIs({ id, parent, identity }: Session): Omit<JournalEntry, 'step'> {
  return {
    issuerName: identity.issuerName,
    identity,
    session: id,
    ...(parent !== undefined && { parentSession: parent }),
  };
}

/** The refusal, once it is on the record. */
export async function failed(
  { journal }: Pick<HandoverParts, 'journal'>,
  entry: Omit<JournalEntry, 'step'> & { readonly refusal: Refusal },
  caller: Caller,
): Promise<Refusal> {
  const unrecorded = await journal.tell({ ...entry, step: 'failed' }, caller);
  return unrecorded ?? entry.refusal;
}

/** A store that can't be reached is a refusal here: the caller may come again. */
export async function orStoreUnavailable<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (fault) {
    const outage =
      fault instanceof StoreUnavailable ||
      fault instanceof SingleUseUnavailable ||
      fault instanceof SingleUseFull;
    if (!outage) throw fault;
    return new Refusal(
      'store_unavailable',
      'What is needed for this can not be stored right now. Try again soon.',
      { detail: fault.message, retryAfterSeconds: 5 },
    );
  }
}
