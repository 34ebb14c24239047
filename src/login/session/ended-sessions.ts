import { type Clock, CLOCKS_DIFFER_SECONDS, unixSeconds } from '../../clock.ts';
import type { SharedState } from '../../store/shared-state.ts';

/** Sessions that somebody ended before their time, on any replica. */
export interface EndedSessions {
  /** By the session's id. Synchronous, in memory. */
  isEnded(id: string): boolean;
  /**
   * Resolves once it is so everywhere that the store is followed; `until` (Unix seconds) is when the
   * session is over by itself. Throws `StoreUnavailable`; then it is not known whether it is ended.
   */
  end(id: string, until: number): Promise<void>;
  /** Ends the following; what was known stays. */
  close(): void;
}

export interface EndedSessionsParts {
  readonly state: Pick<SharedState, 'list' | 'write' | 'watch'>;
  readonly clock: Clock;
  /** What went wrong at forgetting those that are over; it is tried again the next time. */
  readonly onFault?: (fault: unknown) => void;
}

const PREFIX = 'session-ended.';
const FORGET_EVERY_MILLISECONDS = 60_000;

/** Follows them in the store. Resolves once all that are there are known. */
export async function openEndedSessions(parts: EndedSessionsParts): Promise<EndedSessions> {
  const { state, onFault } = parts;
  const ended = new Set<string>();
  const stop = await state.watch(PREFIX, ({ key, value }) => {
    const id = key.slice(PREFIX.length);
    if (value === undefined) ended.delete(id);
    else ended.add(id);
  });
  const forgetting = setInterval(() => {
    forgetOverSessions(parts).catch((fault: unknown) => onFault?.(fault));
  }, FORGET_EVERY_MILLISECONDS).unref();
  return {
    isEnded: (id) => ended.has(id),
    async end(id, until) {
      // Somebody who was faster ended it as well.
      await state.write(`${PREFIX}${id}`, JSON.stringify({ until }), 0);
      ended.add(id);
    },
    close: () => {
      clearInterval(forgetting);
      stop();
    },
  };
}

/** Deletes what is remembered of sessions that are over by now, by every clock. May run in several processes at once. */
export async function forgetOverSessions({
  state,
  clock,
}: Pick<EndedSessionsParts, 'state' | 'clock'>): Promise<void> {
  const now = unixSeconds(clock);
  for (const { key, value, revision } of await state.list(PREFIX)) {
    if (untilOf(value) + CLOCKS_DIFFER_SECONDS <= now) await state.write(key, undefined, revision);
  }
}

/** What can't be read is kept: an ended session must not come back. */
function untilOf(text: string): number {
  try {
    const { until } = JSON.parse(text) as { until?: unknown };
    return typeof until === 'number' ? until : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
