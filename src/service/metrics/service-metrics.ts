import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Door, LoginStep } from '../../audit/event.ts';
import { Refusal } from '../../errors.ts';
import type { ExchangeRequest, Issued } from '../../exchange-request.ts';
import { DROPS, type Drop } from '../../http/limits/connection-shares.ts';
import { type ProcessMetrics, processMetrics } from './process-metrics.ts';
import { talliedCounter } from './tallied-counter.ts';

/** What Prometheus sees. Labels hold names from the configuration and our own reasons, never text from a caller. */
export interface Metrics extends ProcessMetrics {
  /** Counts and times each exchange. */
  observed(exchange: ExchangeFunction): ExchangeFunction;
  /** Counts a refusal from before the exchange. */
  refused(door: Door, reason: string): void;
  /** Counts one step of a login: `ok`, or the reason why it failed. */
  loginStep(labels: {
    readonly step: LoginStep;
    /** The operator's name for the issuer; empty if unknown. */
    readonly issuer: string;
    readonly outcome: string;
  }): void;
  fault(): void;
  connectionDropped(reason: Drop): void;
}

type ExchangeFunction = (request: ExchangeRequest) => Promise<Issued | Refusal>;

export interface MetricsSources {
  readonly version: string;
  /** How many rejections the audit log has omitted so far. */
  readonly droppedRejections: () => number;
  /** For each issuer: whether keys are available, and when they were fetched (milliseconds since the epoch). */
  readonly issuers: () => Iterable<{
    readonly name: string;
    readonly ready: boolean;
    readonly fetchedAt: number | undefined;
  }>;
}

export function createMetrics({ version, droppedRejections, issuers }: MetricsSources): Metrics {
  const ofProcess = processMetrics(version);
  const registers = [ofProcess.registry];
  const countExchange = talliedCounter({
    name: 'nats_sts_exchanges_total',
    help: 'Exchanges by door and outcome: issued, or the reason for the refusal',
    labelNames: ['door', 'outcome'],
    registers,
  });
  const countIssued = talliedCounter({
    name: 'nats_sts_credentials_issued_total',
    help: 'Credentials issued by issuer and role',
    labelNames: ['issuer', 'role'],
    registers,
  });
  const duration = new Histogram({
    name: 'nats_sts_exchange_duration_seconds',
    help: 'Time from the parsed request to the credential or refusal',
    labelNames: ['door'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const loginSteps = new Counter({
    name: 'nats_sts_login_steps_total',
    help: 'Steps of logins and handovers by step, issuer and outcome: ok, or the reason for the refusal',
    labelNames: ['step', 'issuer', 'outcome'],
    registers,
  });
  const faults = new Counter({
    name: 'nats_sts_faults_total',
    help: 'Requests answered with 500',
    registers,
  });
  const connectionsDropped = new Counter({
    name: 'nats_sts_connections_dropped_total',
    help: 'Caller connections that the service closed, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of DROPS) connectionsDropped.inc({ reason }, 0);
  new Counter({
    name: 'nats_sts_audit_rejections_dropped_total',
    help: 'Rejected tokens and started logins that were too many to record in the audit log',
    registers,
    collect() {
      this.reset();
      this.inc(droppedRejections());
    },
  });
  issuerGauges(registers, issuers);

  const timers = new Map<Door, ReturnType<typeof duration.labels>>();
  const timer = (door: Door) => {
    const known = timers.get(door) ?? duration.labels(door);
    timers.set(door, known);
    return known;
  };

  return {
    ...ofProcess,
    observed: (exchange) => async (request) => {
      const start = performance.now();
      const result = await exchange(request);
      timer(request.door).observe((performance.now() - start) / 1000);
      if (result instanceof Refusal) {
        countExchange(request.door, result.reason);
      } else {
        countExchange(request.door, 'issued');
        countIssued(result.identity.issuerName, result.grant.role.name);
      }
      return result;
    },
    refused: (door, reason) => countExchange(door, reason),
    loginStep: (labels) => loginSteps.inc(labels),
    fault: () => faults.inc(),
    connectionDropped: (reason) => connectionsDropped.inc({ reason }),
  };
}

function issuerGauges(registers: Registry[], issuers: MetricsSources['issuers']): void {
  new Gauge({
    name: 'nats_sts_issuer_ready',
    help: "1 when the issuer's keys are available",
    labelNames: ['issuer'],
    aggregator: 'min',
    registers,
    collect() {
      this.reset();
      for (const { name, ready } of issuers()) this.set({ issuer: name }, ready ? 1 : 0);
    },
  });
  new Gauge({
    name: 'nats_sts_issuer_keys_fetched_timestamp_seconds',
    help: "When the issuer's keys were last fetched",
    labelNames: ['issuer'],
    aggregator: 'min',
    registers,
    collect() {
      this.reset();
      for (const { name, fetchedAt } of issuers()) {
        if (fetchedAt !== undefined) this.set({ issuer: name }, fetchedAt / 1000);
      }
    },
  });
}
