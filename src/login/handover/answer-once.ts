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

/** The dependencies of all handovers. */
export interface HandoverParts {
  readonly state: Pick<SharedState, 'list' | 'write'>;
  readonly sealer: TextSealer;
  readonly keeper: SessionKeeper;
  readonly singleUse: SingleUse;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** The same answer for every invalid code or token, so that a guess reveals nothing (RFC 6749 §5.2, `invalid_grant`). */
export function grantInvalid(detail: string): Refusal {
  return new Refusal(
    'grant_invalid',
    'This code or token is not valid: it was used, it expired, or it belongs to another request.',
    { detail },
  );
}

/** The identity and session, for the record. */
export function whoIs({ id, parent, identity }: Session): LoginFacts {
  return {
    issuerName: identity.issuerName,
    identity,
    session: id,
    ...(parent !== undefined && { parentSession: parent }),
  };
}

/**
 * Answers for a code that is held. The answer uses the code up, unless it says "try again". `issue` creates
 * what goes with the answer. Throws if the store cannot say whether the code is used up.
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

/** Another request with the same code or token overtook this one. */
export const TAKEN_OVER = new Refusal(
  'store_unavailable',
  'Another request used the same code or token at the same time. If that request got no answer, try again.',
  { retryAfterSeconds: 5 },
);

/** Turns an unreachable store into a refusal, so that the caller may try again. */
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
      'The service cannot reach its store now. Try again soon with the same code or token.',
      { detail: fault.message, retryAfterSeconds: 5 },
    );
  }
}
