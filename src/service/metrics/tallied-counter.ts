import { Counter, type CounterConfiguration } from 'prom-client';

/**
 * A counter with two labels that is counted far more often than it is read: counting is one look-up,
 * and the library gets the sums when someone reads them.
 */
export function talliedCounter<A extends string, B extends string>(
  config: Omit<CounterConfiguration<A | B>, 'labelNames' | 'collect'> & {
    readonly labelNames: readonly [A, B];
  },
): (first: string, second: string) => void {
  const tallies = new Map<string, Map<string, number>>();
  const [one, other] = config.labelNames;
  new Counter<A | B>({
    ...config,
    collect() {
      for (const [first, bySecond] of tallies) {
        for (const [second, count] of bySecond) {
          this.inc({ [one]: first, [other]: second } as Record<A | B, string>, count);
        }
      }
      tallies.clear();
    },
  });
  return (first, second) => {
    const bySecond = tallies.get(first) ?? new Map<string, number>();
    tallies.set(first, bySecond);
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
  };
}
