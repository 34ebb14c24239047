import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { WorkerAnswers } from '../../../src/service/workers/calls.ts';
import { gatherMetrics } from '../../../src/service/workers/gather-metrics.ts';
import { link } from '../../store/ipc/link.ts';

/** A process with one metric of each kind. */
function processOf(value: number) {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'counted_total', help: 'x', labelNames: ['by'], registers });
  const gauge = new Gauge({ name: 'gauge', help: 'x', aggregator: 'min', registers });
  const ofPrimary = new Gauge({ name: 'of_primary', help: 'x', aggregator: 'first', registers });
  const omitted = new Gauge({ name: 'omitted', help: 'x', aggregator: 'omit', registers });
  const histogram = new Histogram({ name: 'took', help: 'x', buckets: [1], registers });
  counter.inc({ by: 'all' }, value);
  for (const one of [gauge, ofPrimary, omitted]) one.set(value);
  histogram.observe(value);
  return { registry, counter };
}

function worker(value: number) {
  const ends = link<never, WorkerAnswers>();
  const { registry, counter } = processOf(value);
  ends.worker.serve({ metrics: () => registry.getMetricsAsJSON() });
  return { channel: ends.primary, ends, counter };
}

const lines = async (gathered: ReturnType<typeof gatherMetrics>): Promise<string[]> =>
  (await gathered.scrape()).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('processes are added up as each metric says, and some are of the primary process', async () => {
  const workers = [worker(2), worker(4)];
  const gathered = gatherMetrics(processOf(8).registry, () => workers);
  expect(await lines(gathered)).toEqual([
    'counted_total{by="all"} 14',
    'gauge 2',
    'of_primary 8',
    'omitted 8',
    'took_bucket{le="1"} 0',
    'took_bucket{le="+Inf"} 3',
    'took_sum 14',
    'took_count 3',
  ]);
});

test('what a worker counted stays counted after its end, and its gauges go', async () => {
  let workers = [worker(2), worker(4)];
  const gathered = gatherMetrics(processOf(8).registry, () => workers);
  await gathered.scrape();
  for (const [ended] of [[workers[0]!], [workers[1]!]]) {
    ended!.ends[Symbol.dispose]();
    gathered.ended(ended!);
    workers = workers.filter((one) => one !== ended);
  }
  expect(await lines(gathered)).toEqual([
    'counted_total{by="all"} 14',
    'gauge 8',
    'of_primary 8',
    'omitted 8',
    'took_bucket{le="1"} 0',
    'took_bucket{le="+Inf"} 3',
    'took_sum 14',
    'took_count 3',
  ]);
});

test('a worker that is too busy to answer counts with what it said last', async () => {
  const one = worker(2);
  const gathered = gatherMetrics(processOf(8).registry, () => [one]);
  await gathered.scrape();
  one.ends.worker.serve({ metrics: () => new Promise(() => {}) });
  expect(await lines(gathered)).toContain('counted_total{by="all"} 10');
});
