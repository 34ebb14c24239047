import { type Clock, CLOCKS_DIFFER_SECONDS, unixSeconds } from '../../clock.ts';
import type { SharedState } from '../../store/shared-state.ts';

/** Sessions that were ended before they expired, on any replica. */
export interface EndedSessions {
  /** Synchronous, in memory. */
  isEnded(id: string): boolean;
  /**
   * Resolves once the end is stored; every process that follows the store learns of it. `until` (Unix
   * seconds) is when the session expires. After `StoreUnavailable` it is unknown whether it ended.
   */
  end(id: string, until: number): Promise<void>;
  /** Stops following the store; known sessions stay ended. */
  close(): void;
}

export interface EndedSessionsParts {
  readonly state: Pick<SharedState, 'list' | 'write' | 'watch'>;
  readonly clock: Clock;
  /** Called when deleting expired ones failed; it is retried the next time. */
  readonly onFault?: (fault: unknown) => void;
}

const PREFIX = 'session-ended.';
const FORGET_EVERY_MILLISECONDS = 60_000;

/** Follows ended sessions in the store. Resolves once all existing ones are known. */
export async function openEndedSessions(parts: EndedSessionsParts): Promise<EndedSessions> {
  const { state, onFault } = parts;
  const ended = new Set<string>();
  const stop = await state.watch(PREFIX, ({ key, value }) => {
    const id = key.slice(PREFIX.length);
    if (value === undefined) ended.delete(id);
    else ended.add(id);
  });
  const forgetting = setInterval(() => {
    forgetExpiredSessions(parts).catch((fault: unknown) => onFault?.(fault));
  }, FORGET_EVERY_MILLISECONDS).unref();
  return {
    isEnded: (id) => ended.has(id),
    async end(id, until) {
      // If another caller was faster, the session has ended, too.
      await state.write(`${PREFIX}${id}`, JSON.stringify({ until }), 0);
      ended.add(id);
    },
    close: () => {
      clearInterval(forgetting);
      stop();
    },
  };
}

/** Deletes the entries of sessions that have expired by every replica's clock. May run in several processes at once. */
export async function forgetExpiredSessions({
  state,
  clock,
}: Pick<EndedSessionsParts, 'state' | 'clock'>): Promise<void> {
  const now = unixSeconds(clock);
  for (const { key, value, revision } of await state.list(PREFIX)) {
    if (untilOf(value) + CLOCKS_DIFFER_SECONDS <= now) await state.write(key, undefined, revision);
  }
}

/** Keeps an entry that cannot be read: an ended session must not become valid again. */
function untilOf(text: string): number {
  try {
    const { until } = JSON.parse(text) as { until?: unknown };
    return typeof until === 'number' ? until : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
