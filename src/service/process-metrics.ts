import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What Prometheus sees of any process of ours that runs for long. */
export interface ProcessMetrics {
  readonly registry: Registry;
  /** A configuration was taken, or refused. */
  reloaded(ok: boolean, atMilliseconds: number): void;
}

export function processMetrics(version: string): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'nats_sts_build_info',
    help: 'Constant 1; the version is in the label',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const reloadOk = new Gauge({
    name: 'nats_sts_config_last_reload_success',
    help: '1 when the last reload of the configuration was taken, 0 when it was refused',
    registers,
  });
  const reloadAt = new Gauge({
    name: 'nats_sts_config_last_reload_timestamp_seconds',
    help: 'When the running configuration was loaded',
    registers,
  });
  return {
    registry,
    reloaded: (ok, at) => {
      reloadOk.set(ok ? 1 : 0);
      if (ok) reloadAt.set(at / 1000);
    },
  };
}
