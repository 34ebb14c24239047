import { createSecureContext } from 'node:tls';
import { systemSessions } from '../../account/system/sessions.ts';
import { serveAudit } from '../../audit/sinks/ipc.ts';
import { type Clock, systemClock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import type { FileSnapshot } from '../../config/files.ts';
import { countAllowances, type GiveBack } from '../../limits/allowances.ts';
import type { Log } from '../../log.ts';
import { serveLedger } from '../../revocation/ipc-ledger.ts';
import { serveLists } from '../../store/ipc/portions.ts';
import { shareState } from '../../store/ipc/serve-state.ts';
import { serveSingleUse } from '../../store/ipc/single-use.ts';
import { VERSION } from '../../version.ts';
import { buildRotated, type RotatedGeneration } from '../generation.ts';
import { disconnectRevoked } from '../callout/disconnect-revoked.ts';
import { processMetrics } from '../metrics/process-metrics.ts';
import { rotationMetrics, rotationSources } from '../metrics/rotation-metrics.ts';
import { type Certificate, readTls, watchCertificate } from '../reload/certificate.ts';
import {
  type Again,
  reloadEverywhere,
  type Running,
  warn,
  watchConfiguration,
} from '../reload/reload.ts';
import { openOwnStores, openResources, type Resources } from '../resources.ts';
import { startRotation } from '../rotation/start-rotation.ts';
import type { Stores } from '../stores.ts';
import type { PrimaryAnswers } from './calls.ts';
import { type Fleet, startFleet, type Worker } from './fleet.ts';
import { gatherMetrics } from './gather-metrics.ts';
import { workersOf } from './share.ts';
import { spreadTo } from './spread.ts';
import { workerMetrics } from './worker-metrics.ts';

/** A configuration, and the files from which it was read. */
interface Loaded {
  readonly config: Config;
  readonly files: FileSnapshot;
}

export interface PrimaryOptions {
  readonly loaded: Loaded;
  /** Reads the configuration again. */
  readonly load: () => Loaded;
  readonly log: Log;
  readonly clock?: Clock;
}

/** A service whose callers are answered by workers. */
export interface PrimaryService {
  /** Reads the configuration again, for all workers. An invalid one changes nothing and is logged. */
  reload(): Promise<boolean>;
  /** How long stopping may take: `drain` and `close` together. */
  readonly drainMilliseconds: number;
  /** Lets callers move to another replica without losing a request; call `close` next. */
  drain(): Promise<void>;
  /** Ends the workers after their requests in progress, then the rotation and the store. */
  close(): Promise<void>;
}

interface State extends Running<RotatedGeneration> {
  /** The files of the configuration in force. */
  files: FileSnapshot;
  tls: Certificate | undefined;
}

/**
 * Starts a service of several processes. This one keeps the store, rotates, counts for all, and answers no callers.
 *
 * @throws InvalidInput if the configuration does not fit the store; what a worker throws that cannot start.
 */
export async function startPrimary(options: PrimaryOptions): Promise<PrimaryService> {
  const { clock = systemClock, log, loaded } = options;
  const stack = new AsyncDisposableStack();
  try {
    let stores: Stores | undefined;
    const resources = await openResources(loaded.config, {
      clock,
      log,
      open: async (parts) => (stores = await openOwnStores(parts)),
    });
    stack.defer(() => resources.close());
    if (!stores) throw new Error('the stores are not open');
    return await start(options, { resources, stores, stack });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Beginning {
  readonly resources: Resources;
  readonly stores: Stores;
  /** Collects what must be closed, in the order it was started. */
  readonly stack: AsyncDisposableStack;
}

async function start(
  { loaded, load, log }: PrimaryOptions,
  { resources, stores, stack }: Beginning,
): Promise<PrimaryService> {
  const { config } = loaded;
  const { tls: tlsFiles } = config.listen;
  const state: State = {
    current: buildRotated(resources, config),
    files: loaded.files,
    tls: tlsFiles && readTls(tlsFiles),
  };
  const metrics = processMetrics(VERSION);
  metrics.reloaded(true, resources.clock.now());
  warn(log, config);
  const ringed = () => state.current.ringed;
  const rotation = await startRotation({
    resources,
    config,
    accounts: ringed,
    metrics: rotationMetrics(metrics.registry, rotationSources(resources, ringed)),
  });
  stack.defer(() => rotation.close());

  const { system } = rotation;
  if (system) {
    stack.defer(await disconnectRevoked({ resources, system, current: () => state.current }));
  }
  const count = workersOf(config);
  let fleet: Pick<Fleet, 'workers'> = { workers: () => [] };
  const replaced = workerMetrics(metrics.registry, () => fleet.workers().length);
  const gathered = gatherMetrics(metrics.registry, () => fleet.workers());
  const attach = attaching({
    stores,
    sessions: rotation.system && systemSessions({ system: rotation.system }),
    scrape: () => gathered.scrape(),
    workers: count,
  });
  const started = await startFleet({
    count,
    start: () => ({
      file: config.file,
      files: state.files,
      tls: state.tls,
      hasSystem: rotation.system !== undefined,
    }),
    attach: (worker) => {
      attach(worker);
      worker.channel.onClose(() => gathered.ended(worker));
    },
    vitals: () => ({ freshAt: stores.state.freshAt(), healthy: stores.audit.healthy() }),
    onReplace: replaced,
    log,
  });
  fleet = started;
  stack.defer(() => started.stop());

  let latest = loaded;
  const reloading = {
    load: () => (latest = load()).config,
    build: (next: Config) => buildRotated(resources, next),
    spread: () => spreadTo(started, latest.files, (files) => (state.files = files)),
    replaced: () => rotation.wake(),
    metrics,
    clock: resources.clock,
    log,
  };
  /** One reload at a time. */
  let reloaded: Promise<boolean> = Promise.resolve(true);
  const reload = (again: Again = {}): Promise<boolean> => {
    reloaded = reloaded.then(() => reloadEverywhere(state, reloading, again));
    return reloaded;
  };
  stack.defer(watchConfiguration(state, (again) => void reload(again)));
  if (tlsFiles) stack.defer(watchCertificate(tlsFiles, { use: useCertificate, log }));
  log.info({ url: started.url, version: VERSION, workers: count }, 'listening');

  /** Throws if it is not valid. */
  function useCertificate(certificate: Certificate): void {
    createSecureContext(certificate);
    state.tls = certificate;
    for (const { channel } of started.workers()) channel.tell('certificate', certificate);
  }

  return {
    reload,
    drainMilliseconds: (config.limits.stopDelaySeconds + config.limits.drainSeconds) * 1000,
    drain: async () => {
      log.info({}, 'stopping');
      started.keepNone();
      await Promise.allSettled(started.workers().map(({ channel }) => channel.call('drain')));
    },
    close: async () => {
      await stack.disposeAsync();
      log.info({}, 'stopped');
    },
  };
}

/** What this process answers each of its workers. */
function attaching({
  stores,
  sessions,
  scrape,
  workers,
}: {
  readonly stores: Stores;
  readonly sessions: ReturnType<typeof systemSessions> | undefined;
  readonly scrape: PrimaryAnswers['scrape'];
  readonly workers: number;
}): (worker: Worker) => void {
  const sharing = shareState(stores.state);
  const allowances = countAllowances({ workers });
  return ({ channel }) => {
    const lists = serveLists(channel);
    sharing.attach(channel);
    serveSingleUse(channel, stores.singleUse);
    serveLedger(channel, lists, stores.ledger);
    serveAudit(channel, stores.audit);
    const giveBack: GiveBack = (...what) => channel.call('limits.giveBack', ...what).catch(() => 0);
    channel.serve({
      'limits.ask': (ask) => allowances.ask(giveBack, ask),
      scrape,
      sessions: (account) => {
        if (!sessions) throw new Error('there is no access to the system account');
        return lists.open(sessions.of(account));
      },
    } satisfies Pick<PrimaryAnswers, 'limits.ask' | 'scrape' | 'sessions'>);
  };
}
