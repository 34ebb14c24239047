import { isDeepStrictEqual } from 'node:util';
import type { Assessment } from '../account/assess.ts';

type Push = NonNullable<Assessment['push']>;

/**
 * When an account JWT of one account may be pushed. One that says something new, at once; one that
 * was pushed before and that some server has not applied, at ever longer intervals.
 */
export interface PushPacer {
  isDue(assessment: Assessment): boolean;
  /** It was sent; `at`: when that began. */
  pushed(assessment: Assessment, at: number): void;
  /** Every server that answers has what is wanted. */
  applied(): void;
}

const FIRST_MILLISECONDS = 2000;
const LONGEST_MILLISECONDS = 60_000;

/** `monotonic`: milliseconds of a clock that is never set. */
export function createPushPacer(monotonic: () => number): PushPacer {
  let last: { push: Push; base: number | undefined; at: number; wait: number } | undefined;

  /** Nothing has happened since but time: the newest account JWT is that of then, or ours. */
  function isRepetition({ push, base }: Assessment): boolean {
    if (!last || push?.why !== last.push.why) return false;
    const isKnown = base?.iat === last.base || base?.iat === last.push.claims.iat;
    return isKnown && isDeepStrictEqual(contentOf(push), contentOf(last.push));
  }

  return {
    isDue: (assessment) => !last || !isRepetition(assessment) || monotonic() - last.at >= last.wait,
    pushed(assessment, at) {
      if (!assessment.push) return;
      const wait =
        last && isRepetition(assessment)
          ? Math.min(last.wait * 2, LONGEST_MILLISECONDS)
          : FIRST_MILLISECONDS;
      last = { push: assessment.push, base: assessment.base?.iat, at, wait };
    },
    applied() {
      last = undefined;
    },
  };
}

/** What changes with every signature says nothing. */
function contentOf({ claims: { iat: _iat, jti: _jti, ...content } }: Push): unknown {
  return content;
}
