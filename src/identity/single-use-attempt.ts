import { Refusal } from '../errors.ts';
import { type HeldClaim, SingleUseFull, SingleUseUnavailable } from './single-use.ts';

/** The tokens of one request that may be used once. */
export interface SingleUseAttempt {
  readonly keep: (held: HeldClaim) => void;
  /** Right before the answer: they are used now. A refusal where that is not so, or not known. */
  settle(): Promise<Refusal | undefined>;
  /** There will be no answer, but "try again". */
  release(): void;
}

export function singleUseAttempt(): SingleUseAttempt {
  const all: HeldClaim[] = [];
  return {
    keep: (held) => void all.push(held),
    async settle() {
      const tokens = all.splice(0);
      try {
        for (const held of tokens) if (!(await held.settle())) return TOKEN_REUSED;
        return undefined;
      } catch (fault) {
        for (const held of tokens) held.release();
        return notTaken(fault);
      }
    },
    release() {
      for (const held of all.splice(0)) held.release();
    },
  };
}

/** What is answered where single use can't be recorded; other faults are thrown. */
export function notTaken(fault: unknown): Refusal {
  if (fault instanceof SingleUseFull) return TOO_MUCH_TO_REMEMBER;
  if (fault instanceof SingleUseUnavailable) return notRemembered(fault);
  throw fault;
}

export const TOKEN_REUSED = new Refusal(
  'token_reused',
  'The token was used before, and each token of its issuer is accepted only once: get a new one.',
);

function notRemembered({ message, cause }: SingleUseUnavailable): Refusal {
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return new Refusal(
    'store_unavailable',
    'The service cannot record this single-use token now; try again with the same token.',
    { detail: why, retryAfterSeconds: 5 },
  );
}

const TOO_MUCH_TO_REMEMBER = new Refusal(
  'overloaded',
  'The service cannot remember any more used tokens right now. Try again later.',
  { retryAfterSeconds: 60 },
);
