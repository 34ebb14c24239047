/** A function whose calls repeat themselves. */
export interface Repeated {
  (): void;
  /** Cancels pending repetitions. */
  stop(): void;
}

/** Calls `act` immediately, and again after each delay, counted from the latest call. */
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
