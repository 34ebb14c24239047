import type { Clock } from '../../clock.ts';
import { isRetriable, Refusal } from '../../errors.ts';
import {
  type HeldClaim,
  type SingleUse,
  SingleUseFull,
  SingleUseUnavailable,
} from '../../identity/single-use.ts';
import { type SharedState, StoreUnavailable } from '../../store/shared-state.ts';
import type { Journal, LoginFacts } from '../journal.ts';
import type { TextSealer } from '../text-sealer.ts';
import type { Session, SessionKeeper } from '../session.ts';

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
export function whoIs({ id, parent, identity }: Session): LoginFacts {
  return {
    issuerName: identity.issuerName,
    identity,
    session: id,
    ...(parent !== undefined && { parentSession: parent }),
  };
}

/**
 * What is answered for a code that is held: used up by that, but not by "try again". `issue` makes what
 * goes with the answer; a store that can't say whether the code is used up is thrown.
 */
export async function answerOnce<T>(
  held: HeldClaim,
  answer: T,
  issue: (answer: T) => Promise<Refusal | undefined>,
): Promise<T | Refusal> {
  const refusal = await issue(answer).catch((fault: unknown) => {
    held.release();
    throw fault;
  });
  if (refusal && isRetriable(refusal)) {
    held.release();
    return refusal;
  }
  const settled = await held.settle();
  return refusal ?? (settled ? answer : TAKEN_OVER);
}

/** The same code or token came once more while this request took long, and has got further. */
export const TAKEN_OVER = new Refusal(
  'store_unavailable',
  'Another request with the same code or token came meanwhile. Try again if you have no answer to it.',
  { retryAfterSeconds: 5 },
);

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
      'What is needed for this cannot be stored right now. Try again soon, with the same code or token.',
      { detail: fault.message, retryAfterSeconds: 5 },
    );
  }
}
