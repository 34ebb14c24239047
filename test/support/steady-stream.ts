/** What became of a stream of requests. */
export interface StreamReport {
  readonly answered: number;
  /** Every answer that was not as it should be, and every request without one. */
  readonly failures: readonly string[];
}

export interface SteadyStream {
  /** Resolves once so many more requests were answered. */
  answered(more: number): Promise<void>;
  stop(): Promise<StreamReport>;
}

/** Sends requests one after the other in several lanes, over connections that are kept, until stopped. */
export function steadyStream(request: () => Promise<Response>, lanes = 4): SteadyStream {
  let stopped = false;
  let answered = 0;
  const failures: string[] = [];
  const waiting = new Set<{ readonly at: number; readonly resolve: () => void }>();

  async function lane(): Promise<void> {
    while (!stopped) {
      try {
        const response = await request();
        const text = await response.text();
        if (response.status !== 200) failures.push(`${response.status} ${text}`);
      } catch (error) {
        failures.push(String(error instanceof Error ? (error.cause ?? error) : error));
      }
      answered += 1;
      for (const waiter of waiting) if (answered >= waiter.at) waiter.resolve();
    }
  }
  const ended = Promise.all(Array.from({ length: lanes }, lane));

  return {
    answered: (more) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add({ at: answered + more, resolve });
      return promise;
    },
    stop: async () => {
      stopped = true;
      await ended;
      return { answered, failures };
    },
  };
}
