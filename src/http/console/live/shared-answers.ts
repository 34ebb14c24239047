import type { KeysAnswer } from '../../../admin-api/keys.ts';
import type { Refusal } from '../../../errors.ts';
import type { AdminActions, CredentialsPage } from '../../admin/actions.ts';

/** What many windows ask for again and again, and what costs a search of all living credentials. */
export interface Answers {
  keys(): Promise<KeysAnswer | Refusal>;
  /** Of all living credentials, how many there are. */
  counted(): Promise<CredentialsPage | Refusal>;
  /** After a change: what is asked from now on has seen it. */
  forget(): void;
}

/** For so long one answer serves all who ask. */
const FRESH_MILLISECONDS = 1000;

/** Answers for everyone who has the console open: asked for once a second, however many they are. */
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
      // Those who come while it is under way wait for the same; a fault is nobody's answer but theirs.
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
