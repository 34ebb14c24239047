import { type Clock, millisecondsSince } from '../../clock.ts';

/** What is fetched now and then. */
export interface KeptFresh<T> {
  /** What is there; fetched only if nothing is. Rejects with what `fetch` rejected with. */
  get(): Promise<T>;
  /** Ends a fetch under way. */
  close(): void;
}

const MINUTE = 60_000;
const FRESH_MILLISECONDS = 60 * MINUTE;
/** So long it is used while nothing newer can be had. */
const USABLE_MILLISECONDS = 24 * 60 * MINUTE;
/** So long a failure is answered without trying again: strangers can ask at any rate. */
const FAILED_MILLISECONDS = 3_000;

/**
 * Keeps a thing for an hour, and fetches it anew behind the back of whoever asks after that. One
 * fetch at a time.
 */
export function keptFresh<T>({
  fetch,
  clock,
}: {
  readonly fetch: (signal: AbortSignal) => Promise<T>;
  readonly clock: Clock;
}): KeptFresh<T> {
  const closing = new AbortController();
  let kept: { readonly value: T; readonly at: number } | undefined;
  let failed: { readonly fault: unknown; readonly at: number } | undefined;
  let fetching: Promise<T> | undefined;

  async function fetchAnew(): Promise<T> {
    try {
      const value = await fetch(closing.signal);
      kept = { value, at: clock.now() };
      failed = undefined;
      return value;
    } catch (fault) {
      failed = { fault, at: clock.now() };
      throw fault;
    } finally {
      fetching = undefined;
    }
  }

  function refresh(): Promise<T> {
    if (failed !== undefined && millisecondsSince(failed.at, clock) < FAILED_MILLISECONDS) {
      return Promise.reject(failed.fault);
    }
    fetching ??= fetchAnew();
    return fetching;
  }

  return {
    async get() {
      if (kept === undefined) return refresh();
      const age = millisecondsSince(kept.at, clock);
      if (age >= USABLE_MILLISECONDS) return refresh();
      // What is there serves on; the fault is told to whoever finds nothing there.
      if (age >= FRESH_MILLISECONDS) refresh().catch(() => {});
      return kept.value;
    },
    close: () => closing.abort(),
  };
}
