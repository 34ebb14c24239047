import type { ConsolePart } from '../http/console/deps.ts';
import { RING_PREFIX } from '../keyring/ring.ts';
import { REVOCATION_PREFIX } from '../revocation/revocation.ts';
import type { SharedState } from '../store/shared-state.ts';

export interface ChangesOptions {
  readonly state: Pick<SharedState, 'watch'>;
  /** Another number as soon as anything was recorded. */
  readonly newestRecord: () => number;
  /** Another object after each reload. */
  readonly config: () => object;
  readonly lookMilliseconds?: number;
}

type Listener = (part: ConsolePart) => void;

/** Records come by the thousand, and from other processes, too: looking is cheaper than being told. */
const LOOK_MILLISECONDS = 500;

/** What the store tells of, and what it means for the console: who is cut no longer lives. */
const TOLD: readonly (readonly [prefix: string, parts: readonly ConsolePart[]])[] = [
  [RING_PREFIX, ['keys', 'credentials']],
  [REVOCATION_PREFIX, ['revocations', 'credentials']],
];

/** Tells followers what changed. Nothing runs while nobody follows. */
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

/** Call the answer to stop. */
function look(
  { state, newestRecord, config, lookMilliseconds = LOOK_MILLISECONDS }: ChangesOptions,
  tell: Listener,
): () => void {
  const watches = TOLD.map(([prefix, parts]) =>
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

/** A log that is locked for a moment is looked at the next time. */
function attempt(newestRecord: () => number): number | undefined {
  try {
    return newestRecord();
  } catch {
    return undefined;
  }
}

/** What is there already is no change. A store out of reach is tried again. */
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
