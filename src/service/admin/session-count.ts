import { ResolverUnreachable } from '../../account/resolver.ts';
import type { Session, Sessions } from '../../account/system/sessions.ts';

/** How long an administrator waits for the count. Their action is already done. */
const LIMIT_MILLISECONDS = 2000;

interface Counting<Key> {
  /** Undefined if the process has no access to the system account. */
  readonly sessions: Pick<Sessions, 'of'> | undefined;
  /** Public keys, `A…`. */
  readonly accounts: Iterable<string>;
  /** The key that a session counts for; undefined: do not count it. */
  readonly keyOf: (session: Session, account: string) => Key | undefined;
  readonly limitMilliseconds?: number;
}

/**
 * Counts the live connections of accounts, by key. Undefined if unknown: without access, if no server
 * answers, or if a server hangs and not all accounts could be read in time.
 */
export async function countSessions<Key>({
  sessions,
  accounts,
  keyOf,
  limitMilliseconds = LIMIT_MILLISECONDS,
}: Counting<Key>): Promise<ReadonlyMap<Key, number> | undefined> {
  if (!sessions) return undefined;
  const counts = new Map<Key, number>();
  const { signal, late, stop } = deadline(limitMilliseconds);
  const read = async () => {
    for (const account of accounts) {
      for await (const session of sessions.of(account)) {
        if (signal.aborted) return undefined;
        const key = keyOf(session, account);
        if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      if (signal.aborted) return undefined;
    }
    return counts;
  };
  try {
    return await Promise.race([read(), late]);
  } catch (error) {
    if (error instanceof ResolverUnreachable) return undefined;
    throw error;
  } finally {
    stop();
  }
}

/** `late` resolves at the deadline; `signal` then stops what still reads. */
function deadline(milliseconds: number) {
  const controller = new AbortController();
  const late = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined));
  });
  const timer = setTimeout(() => controller.abort(), milliseconds);
  return { signal: controller.signal, late, stop: () => clearTimeout(timer) };
}
