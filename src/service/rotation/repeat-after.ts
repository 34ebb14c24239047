/** A call that repeats itself. */
export interface Repeated {
  (): void;
  /** No more repetitions. */
  stop(): void;
}

/** Calls `act` at once, and again so many milliseconds after the latest call. */
export function repeatAfter(act: () => void, delaysMilliseconds: readonly number[]): Repeated {
  let timers: NodeJS.Timeout[] = [];

  function stop(): void {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
  }

  function call(): void {
    stop();
    timers = delaysMilliseconds.map((delay) => setTimeout(act, delay).unref());
    act();
  }

  return Object.assign(call, { stop });
}
