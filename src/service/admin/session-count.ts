import { ResolverUnreachable } from '../../account/resolver.ts';
import type { Session, Sessions } from '../../account/sessions.ts';

/** So long an administrator waits for a number that is good to know: what they asked for is done. */
const LIMIT_MILLISECONDS = 2000;

interface Counting<Key> {
  /** Undefined where the process has no access to the system account. */
  readonly sessions: Pick<Sessions, 'of'> | undefined;
  /** Whose sessions, `A…` */
  readonly accounts: Iterable<string>;
  /** What a session counts for; undefined: for nothing. */
  readonly keyOf: (session: Session, account: string) => Key | undefined;
  readonly limitMilliseconds?: number;
}

/**
 * Live connections of accounts, by what they count for. Undefined where nobody knows: there is no
 * access, no server answers, or not all accounts could be read in time, since a server hangs.
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

/** Nobody waits for what reads on after it; `signal` tells that to end. */
function deadline(milliseconds: number) {
  const controller = new AbortController();
  const late = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined));
  });
  const timer = setTimeout(() => controller.abort(), milliseconds);
  return { signal: controller.signal, late, stop: () => clearTimeout(timer) };
}
