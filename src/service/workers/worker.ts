import cluster from 'node:cluster';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import { type FileSnapshot, keptFiles } from '../../config/files.ts';
import { loadConfig } from '../../config/load.ts';
import { type LeasedCounts, leaseCounts } from '../../limits/leased-counts.ts';
import type { Log } from '../../log.ts';
import { type Channel, openChannel } from '../../store/ipc/channel.ts';
import { VERSION } from '../../version.ts';
import type { State } from '../app-options.ts';
import { openDoors } from '../doors.ts';
import { buildGeneration, fetchKeys, type Generation } from '../generation.ts';
import { createMetrics, type Metrics } from '../metrics/service-metrics.ts';
import { renewTls } from '../reload/certificate.ts';
import { problemsOf } from '../reload/reload.ts';
import { openResources, type Resources } from '../resources.ts';
import type { PrimaryAnswers, Start, WorkerAnswers } from './calls.ts';
import { portOf } from './ports.ts';
import { shareOf } from './share.ts';
import { openWorkerStores, workerSessions } from './worker-stores.ts';

/** A worker that answers callers. */
interface Running {
  readonly start: Start;
  readonly state: State;
  readonly app: FastifyInstance;
  readonly drainCallout: () => Promise<void>;
  readonly resources: Resources;
  readonly metrics: Metrics;
  readonly counts: LeasedCounts;
  /** What `prepare` built. */
  prepared?: Generation | undefined;
  /** It was closed, and may end. */
  isClosed: boolean;
  readonly close: () => Promise<void>;
}

/** How long a worker whose primary process died answers what is under way: it can issue nothing any more. */
const ORPHAN_MILLISECONDS = 5000;

/**
 * Answers callers until the primary process ends it, or has itself ended. Signals reach all processes of a group; what they
 * mean, the primary process decides.
 */
export async function runWorker({
  log,
  env = process.env,
}: {
  readonly log: Log;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  // Otherwise Node ends a worker at the moment its primary process ends.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  const channel = openChannel<PrimaryAnswers>(portOf(process), { flush: 'turn' });
  const started = Promise.withResolvers<Running>();
  started.promise.catch(() => undefined);
  let running: Running | undefined;
  channel.serve({
    async start(start) {
      try {
        running = await startWorker(channel, start, { log, env });
        started.resolve(running);
        return running.state.url;
      } catch (error) {
        started.reject(error);
        throw error;
      }
    },
    alive: () => {},
    prepare: async (files) => prepare(await started.promise, files, env),
    commit: async () => commit(await started.promise),
    abandon: async () => abandon(await started.promise),
    certificate: async (certificate) =>
      renewTls((await started.promise).app, asBuffers(certificate)),
    metrics: async () => (await started.promise).metrics.registry.getMetricsAsJSON(),
    'limits.giveBack': (...what) => running?.counts.giveBack(...what) ?? 0,
    drain: async () => drain(await started.promise),
    close: async () => close(await started.promise),
  } satisfies Omit<WorkerAnswers, 'state.changed' | 'state.beat'>);
  await new Promise<void>((resolve) => channel.onClose(resolve));
  if (running && !running.isClosed) await endWithoutPrimary(running, log);
}

async function startWorker(
  channel: Channel<PrimaryAnswers>,
  start: Start,
  { log, env }: { readonly log: Log; readonly env: NodeJS.ProcessEnv },
): Promise<Running> {
  const stack = new AsyncDisposableStack();
  try {
    const config = configOf(start, start.files, env);
    const resources = await openResources(config, {
      clock: systemClock,
      log,
      open: (parts) => openWorkerStores(channel, parts.stack),
      upkeep: false,
      sharers: start.workers,
    });
    stack.defer(() => resources.close());
    const state: State = { current: buildGeneration(resources, config), url: '', stopping: false };
    stack.defer(() => state.current.verifier.close());
    const metrics = createMetrics({
      version: VERSION,
      droppedRejections: resources.droppedRejections,
      issuers: () => state.current.verifier.status(),
    });
    const counts = leaseCounts((ask) => channel.call('limits.ask', ask));
    const { app, drainCallout } = await openDoors(state, {
      resources,
      metrics,
      sessions: start.hasSystem ? workerSessions(channel) : undefined,
      scrape: () => channel.call('scrape'),
      count: counts.take,
      tls: start.tls && asBuffers(start.tls),
      stack,
    });
    state.url = await app.listen({ host: config.listen.host, port: config.listen.port });
    void fetchKeys(state.current, log);
    const close = () => stack.disposeAsync();
    return { start, state, app, drainCallout, resources, metrics, counts, isClosed: false, close };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The configuration, with this worker's share of the limits. */
function configOf(start: Start, files: FileSnapshot, env: NodeJS.ProcessEnv): Config {
  return shareOf(loadConfig(start.file, { env, files: keptFiles(files) }), start);
}

function prepare(running: Running, files: FileSnapshot, env: NodeJS.ProcessEnv): string[] {
  abandon(running);
  const { start, resources, state } = running;
  try {
    running.prepared = buildGeneration(resources, configOf(start, files, env), state.current);
    return [];
  } catch (error) {
    return problemsOf(error);
  }
}

function commit(running: Running): void {
  const { prepared, state, resources } = running;
  if (!prepared) return;
  const before = state.current;
  running.prepared = undefined;
  state.current = prepared;
  before.verifier.close(prepared.verifier);
  void fetchKeys(prepared, resources.log);
}

function abandon(running: Running): void {
  running.prepared?.verifier.close(running.state.current.verifier);
  running.prepared = undefined;
}

async function drain({ state, app, drainCallout }: Running): Promise<void> {
  state.stopping = true;
  const acceptMilliseconds = state.current.config.limits.stopDelaySeconds * 1000;
  await Promise.all([drainCallout(), app.drain({ acceptMilliseconds })]);
}

async function close(running: Running): Promise<void> {
  await running.close();
  running.isClosed = true;
}

/** Answers what is under way, if the primary process has not closed this worker. */
async function endWithoutPrimary({ app, state, close }: Running, log: Log): Promise<void> {
  log.error({}, 'the primary process ended; this worker stops');
  state.stopping = true;
  const ended = app.drain({ acceptMilliseconds: 0 }).then(close);
  await Promise.race([ended, wait(ORPHAN_MILLISECONDS, undefined, { ref: false })]);
}

/** Buffers arrive as plain arrays of bytes. */
function asBuffers({ cert, key }: { readonly cert: Uint8Array; readonly key: Uint8Array }) {
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}
