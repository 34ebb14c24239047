import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { AuditAnswers } from '../../audit/sinks/ipc.ts';
import type { FileSnapshot } from '../../config/files.ts';
import type { Allowance, AllowanceAsk } from '../../limits/allowances.ts';
import type { LimitName } from '../../limits/rate-limits.ts';
import type { LedgerAnswers } from '../../revocation/ipc-ledger.ts';
import type { SingleUseAnswers } from '../../store/ipc/single-use.ts';
import type { StateAnswers, StateFollower } from '../../store/ipc/state-calls.ts';
import type { Scrape } from '../metrics/process-metrics.ts';
import type { Certificate } from '../reload/certificate.ts';

/** What a worker starts with. */
export interface Start {
  /** The configuration file, and the files of the configuration in force as they were read. */
  readonly file: string;
  readonly files: FileSnapshot;
  /** Its number, from 1. */
  readonly worker: number;
  readonly workers: number;
  /** The certificate in use. */
  readonly tls: Certificate | undefined;
  /** Whether the primary process has access to the system account. */
  readonly hasSystem: boolean;
}

/** The metrics of one process. */
export type MetricSnapshot = MetricObjectWithValues<MetricValue<string>>[];

/** What the primary process answers a worker. */
export type PrimaryAnswers = StateAnswers &
  SingleUseAnswers &
  LedgerAnswers &
  AuditAnswers & {
    readonly 'limits.ask': (ask: AllowanceAsk) => Promise<Allowance>;
    /** `/metrics` of all processes together. */
    readonly scrape: () => Promise<Scrape>;
    /** The number of the list of an account's connections, as `Sessions.of` has them. */
    readonly sessions: (account: string) => number;
  };

/** What a worker answers the primary process. All but `start` wait until it has started. */
export type WorkerAnswers = StateFollower & {
  /** Starts answering callers. Resolves with the URL at which it listens. */
  readonly start: (start: Start) => Promise<string>;
  /** Builds the parts of a changed configuration. Resolves with what is wrong with it; empty if nothing. */
  readonly prepare: (files: FileSnapshot) => Promise<readonly string[]>;
  /** Puts in force what was prepared last. */
  readonly commit: () => Promise<void>;
  /** Drops what was prepared last. */
  readonly abandon: () => Promise<void>;
  readonly certificate: (certificate: Certificate) => Promise<void>;
  readonly metrics: () => Promise<MetricSnapshot>;
  readonly 'limits.giveBack': (limit: LimitName, key: string, window: number) => number;
  readonly alive: () => void;
  readonly drain: () => Promise<void>;
  /** Answers the requests in progress; then the worker may end. */
  readonly close: () => Promise<void>;
};
