/** One window of one caller. */
interface Window {
  count: number;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
}

/** What is left of a window. */
export interface Counted {
  readonly count: number;
  /** Until the window ends, and a new one begins with the next call. */
  readonly leftMilliseconds: number;
}

/**
 * Counts calls by key in windows that begin with the first call. Remembers at most `most` keys: the
 * one that has not been used for longest goes, so that strangers who invent keys take no more memory.
 */
export function windowCounter(most: number) {
  const windows = new Map<string, Window>();
  return (key: string, milliseconds: number, now: number): Counted => {
    const known = windows.get(key);
    const age = known === undefined ? Number.POSITIVE_INFINITY : now - known.since;
    // A clock that was set back ends it, too.
    const isOver = known === undefined || age >= milliseconds || age < 0;
    const window = isOver ? { count: 0, since: now } : known;
    window.count += 1;
    // A Map iterates in the order of insertion: the first key is the one unused for longest.
    windows.delete(key);
    windows.set(key, window);
    if (windows.size > most) {
      const [oldest] = windows.keys();
      if (oldest !== undefined) windows.delete(oldest);
    }
    return { count: window.count, leftMilliseconds: milliseconds - (now - window.since) };
  };
}
