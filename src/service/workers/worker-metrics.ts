import { Counter, Gauge, type Registry } from 'prom-client';

/** Metrics of the workers themselves. Call the result when a worker is replaced. */
export function workerMetrics(registry: Registry, running: () => number): () => void {
  const registers = [registry];
  new Gauge({
    name: 'nats_sts_workers',
    help: 'Processes that answer callers',
    registers,
    collect() {
      this.set(running());
    },
  });
  const replaced = new Counter({
    name: 'nats_sts_workers_replaced_total',
    help: 'Workers that ended unexpectedly and were replaced',
    registers,
  });
  return () => replaced.inc();
}
