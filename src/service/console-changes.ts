import type { ConsolePart } from '../http/console/deps.ts';
import { RING_PREFIX } from '../keyring/ring.ts';
import { REVOCATION_PREFIX } from '../revocation/revocation.ts';
import type { SharedState } from '../store/shared-state.ts';

export interface ChangesOptions {
  readonly state: Pick<SharedState, 'watch'>;
  /** A number that changes whenever something is recorded. */
  readonly newestRecord: () => number;
  /** Returns another object after each reload. */
  readonly config: () => object;
  readonly lookMilliseconds?: number;
}

type Listener = (part: ConsolePart) => void;

/** Polling interval: records come by the thousand, also from other processes, so polling is cheaper than events. */
const LOOK_MILLISECONDS = 500;

/** Keys of the store to watch, and the parts of the console that change with them. */
const WATCHED: readonly (readonly [prefix: string, parts: readonly ConsolePart[]])[] = [
  [RING_PREFIX, ['keys', 'credentials']],
  [REVOCATION_PREFIX, ['revocations', 'credentials']],
];

/** Informs followers of changes. Nothing runs while nobody follows. */
export function followChanges(options: ChangesOptions) {
  const listeners = new Set<{ readonly tell: Listener }>();
  let stop: (() => void) | undefined;
  const tell = (part: ConsolePart): void => {
    for (const listener of listeners) listener.tell(part);
  };
  const stopUnlessFollowed = (): void => {
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
  return {
    follow: (tellListener: Listener): (() => void) => {
      const listener = { tell: tellListener };
      listeners.add(listener);
      stop ??= look(options, tell);
      return () => {
        listeners.delete(listener);
        stopUnlessFollowed();
      };
    },
    close: (): void => {
      listeners.clear();
      stopUnlessFollowed();
    },
  };
}

/** Call the result to stop. */
function look(
  { state, newestRecord, config, lookMilliseconds = LOOK_MILLISECONDS }: ChangesOptions,
  tell: Listener,
): () => void {
  const watches = WATCHED.map(([prefix, parts]) =>
    keepWatching(state, prefix, () => parts.forEach(tell)),
  );
  let record = newestRecord();
  let configuration = config();
  const timer = setInterval(() => {
    for (const watch of watches) watch.tryAgain();
    const before = { record, configuration };
    record = attempt(newestRecord) ?? record;
    configuration = config();
    if (record !== before.record) (['activity', 'credentials'] as const).forEach(tell);
    if (configuration !== before.configuration) (['configuration', 'keys'] as const).forEach(tell);
  }, lookMilliseconds);
  timer.unref();
  return () => {
    clearInterval(timer);
    for (const watch of watches) watch.stop();
  };
}

/** If the log is locked for a moment, the next poll reads it. */
function attempt(newestRecord: () => number): number | undefined {
  try {
    return newestRecord();
  } catch {
    return undefined;
  }
}

/** Existing entries are not changes. If the store cannot be reached, `tryAgain` starts over. */
function keepWatching(
  state: Pick<SharedState, 'watch'>,
  prefix: string,
  onChange: () => void,
): { readonly tryAgain: () => void; readonly stop: () => void } {
  let status: 'idle' | 'beginning' | 'watching' | 'stopped' = 'idle';
  let end: (() => void) | undefined;
  const begin = async (): Promise<void> => {
    if (status !== 'idle') return;
    status = 'beginning';
    try {
      end = await state.watch(prefix, () => {
        if (status === 'watching') onChange();
      });
      if (isStopped()) end();
      else status = 'watching';
    } catch {
      if (!isStopped()) status = 'idle';
    }
  };
  const isStopped = (): boolean => status === 'stopped';
  void begin();
  return {
    tryAgain: () => void begin(),
    stop: () => {
      status = 'stopped';
      end?.();
    },
  };
}
