import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The metrics of every long-running process. */
export interface ProcessMetrics {
  readonly registry: Registry;
  /** The answer of `/metrics`; cheap however often it is called. */
  scrape(): Promise<Scrape>;
  /** A configuration was accepted or refused. */
  reloaded(ok: boolean, atMilliseconds: number): void;
}

/** Gauges of the library with names of counters, which `promtool check metrics` refuses. The same figures exist without the suffix. */
const NAMED_LIKE_COUNTERS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export function processMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of NAMED_LIKE_COUNTERS) registry.removeSingleMetric(name);
  new Gauge({
    name: 'nats_sts_build_info',
    help: 'Constant 1; the version is in the label',
    labelNames: ['version'],
    aggregator: 'first',
    registers,
  }).set({ version }, 1);
  const reloadOk = new Gauge({
    name: 'nats_sts_config_last_reload_success',
    help: '1 when the last configuration reload succeeded, 0 when it was refused',
    aggregator: 'first',
    registers,
  });
  const reloadAt = new Gauge({
    name: 'nats_sts_config_last_reload_timestamp_seconds',
    help: 'When the running configuration was loaded',
    aggregator: 'first',
    registers,
  });
  return {
    registry,
    scrape: scraper(registry),
    reloaded: (ok, at) => {
      reloadOk.set(ok ? 1 : 0);
      if (ok) reloadAt.set(at / 1000);
    },
  };
}

/** What `/metrics` answers. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

/** More than enough for any number of Prometheus servers. */
const MOST_A_SECOND = 10;

/**
 * Renders the metrics, at most ten times a second. Further callers get the last text, at most a second
 * old, so that frequent scrapes do not slow down exchanges. `now`: monotonic milliseconds.
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
