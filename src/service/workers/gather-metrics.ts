import { AggregatorRegistry, type Registry } from 'prom-client';
import type { Channel } from '../../store/ipc/channel.ts';
import { type Scrape, scraper } from '../metrics/process-metrics.ts';
import type { MetricSnapshot, WorkerAnswers } from './calls.ts';

/** A process whose metrics are added. */
export interface MetricSource {
  readonly channel: Pick<Channel<WorkerAnswers>, 'call'>;
}

/** The metrics of all processes together. */
export interface GatheredMetrics {
  /** The answer of `/metrics`; cheap however often it is called. */
  scrape(): Promise<Scrape>;
  /** What it counted stays counted, as far as it was seen. */
  ended(source: MetricSource): void;
}

/** How long a worker that is busy may take; what it said before is used instead. */
const PATIENCE_MILLISECONDS = 1000;

/** What only grows: it must not shrink when a worker ends. */
const GROWING: ReadonlySet<string> = new Set(['counter', 'histogram', 'summary']);

/**
 * Adds up the metrics of this process and its workers. `aggregator` of a metric says how; where it is `first`, this
 * process's is used.
 */
export function gatherMetrics(
  own: Registry,
  sources: () => Iterable<MetricSource>,
): GatheredMetrics {
  const latest = new Map<MetricSource, MetricSnapshot>();
  let gone: MetricSnapshot = [];

  async function ask(source: MetricSource): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, PATIENCE_MILLISECONDS, undefined);
    try {
      const snapshot = await Promise.race([source.channel.call('metrics'), late]);
      if (snapshot) latest.set(source, snapshot);
    } catch {
      // It has not started, or ended meanwhile.
    } finally {
      clearTimeout(timer);
    }
  }

  async function metrics(): Promise<string> {
    const asked = Promise.all([...sources()].map(ask));
    const [mine] = await Promise.all([own.getMetricsAsJSON(), asked]);
    return AggregatorRegistry.aggregate([mine.map(shown), ...latest.values(), gone]).metrics();
  }

  return {
    scrape: scraper({ contentType: own.contentType, metrics }),
    ended(source) {
      const growing = latest.get(source)?.filter(({ type }) => GROWING.has(String(type)));
      latest.delete(source);
      if (growing) gone = sum(gone, growing);
    },
  };
}

function sum(one: MetricSnapshot, other: MetricSnapshot): MetricSnapshot {
  const added = AggregatorRegistry.aggregate([one, other]);
  // What was added has its values.
  return added.getMetricsAsArray() as MetricSnapshot;
}

/** Metrics of a process that the library leaves out of a sum: those of the primary process are shown. */
function shown(metric: MetricSnapshot[number]): MetricSnapshot[number] {
  return metric.aggregator === 'omit' ? { ...metric, aggregator: 'first' } : metric;
}
