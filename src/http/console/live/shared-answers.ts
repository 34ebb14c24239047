import type { KeysAnswer } from '../../../admin-api/keys.ts';
import type { Refusal } from '../../../errors.ts';
import type { AdminActions, CredentialsPage } from '../../admin/actions.ts';

/** Answers that many windows request again and again, and that cost a search of all valid credentials. */
export interface Answers {
  keys(): Promise<KeysAnswer | Refusal>;
  /** The number of valid credentials. */
  counted(): Promise<CredentialsPage | Refusal>;
  /** Call after a change: later answers include it. */
  forget(): void;
}

/** How long one answer is shared. */
const FRESH_MILLISECONDS = 1000;

/** Shared answers for all open consoles: computed at most once a second, however many there are. */
export function sharedAnswers(
  actions: Pick<AdminActions, 'keys' | 'credentials'>,
  monotonic: () => number = () => performance.now(),
): Answers {
  const keys = shared(() => actions.keys(), monotonic);
  const counted = shared(() => actions.credentials({ limit: 1 }), monotonic);
  return {
    keys: keys.get,
    counted: counted.get,
    forget: () => {
      keys.forget();
      counted.forget();
    },
  };
}

function shared<T>(ask: () => Promise<T>, monotonic: () => number) {
  let known: { readonly answer: Promise<T>; askedAt: number } | undefined;
  return {
    get: (): Promise<T> => {
      if (known && monotonic() - known.askedAt < FRESH_MILLISECONDS) return known.answer;
      const mine = { answer: ask(), askedAt: Number.POSITIVE_INFINITY };
      known = mine;
      // Callers that come meanwhile wait for the same answer; a fault is not kept.
      mine.answer.then(
        () => (mine.askedAt = monotonic()),
        () => known === mine && (known = undefined),
      );
      return mine.answer;
    },
    forget: (): void => {
      known = undefined;
    },
  };
}
