import { type Clock, millisecondsSince } from '../../clock.ts';

/** A value that is fetched from time to time. */
export interface KeptFresh<T> {
  /** The value at hand; waits for a fetch only if there is none. Rejects with the error of `fetch`. */
  get(): Promise<T>;
  /** Aborts a fetch in progress. */
  close(): void;
}

const MINUTE = 60_000;
const FRESH_MILLISECONDS = 60 * MINUTE;
/** How long a value is used while fetching a newer one fails. */
const USABLE_MILLISECONDS = 24 * 60 * MINUTE;
/** How long a failure is returned without a retry, because strangers can ask at any rate. */
const FAILED_MILLISECONDS = 3_000;

/**
 * Keeps a value for an hour. After that, the next caller still gets it at once while it is fetched again
 * in the background. One fetch at a time.
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
      // The old value still serves; callers see the error only when there is no value.
      if (age >= FRESH_MILLISECONDS) refresh().catch(() => {});
      return kept.value;
    },
    close: () => closing.abort(),
  };
}
