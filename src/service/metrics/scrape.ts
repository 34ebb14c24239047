import type { Registry } from 'prom-client';

/** What `/metrics` answers. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

/** More than any number of Prometheus servers need. */
const MOST_A_SECOND = 10;

/**
 * Renders the metrics, at most ten times a second: callers beyond that get the last text, which is
 * at most a second old. So whoever asks for them all the time takes nothing from exchanges.
 * `now`: milliseconds that never go back.
 */
export function scraper(
  registry: Pick<Registry, 'contentType' | 'metrics'>,
  now: () => number = () => performance.now(),
): () => Promise<Scrape> {
  let second = { since: Number.NEGATIVE_INFINITY, rendered: 0 };
  let latest: Promise<string> | undefined;
  return async () => {
    if (now() - second.since >= 1000) second = { since: now(), rendered: 0 };
    if (latest === undefined || second.rendered < MOST_A_SECOND) {
      second.rendered += 1;
      latest = registry.metrics();
    }
    return { contentType: registry.contentType, text: await latest };
  };
}
