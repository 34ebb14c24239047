import type { FastifyInstance } from 'fastify';
import { systemSessions } from './account/system/sessions.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import type { Log } from './log.ts';
import type { State } from './service/app-options.ts';
import { disconnectRevoked } from './service/callout/disconnect-revoked.ts';
import { openDoors } from './service/doors.ts';
import { type Resources, openResources } from './service/resources.ts';
import { buildGeneration, fetchKeys, type Generation } from './service/generation.ts';
import { createMetrics, type Metrics } from './service/metrics/service-metrics.ts';
import { rotationMetrics, rotationSources } from './service/metrics/rotation-metrics.ts';
import { type Rotation, startRotation } from './service/rotation/start-rotation.ts';
import { type ReloadParts, reload, warn, watchConfiguration } from './service/reload/reload.ts';
import { renewTls, watchCertificate } from './service/reload/certificate.ts';
import { VERSION } from './version.ts';

export interface ServiceOptions {
  /** Path of the configuration file. */
  readonly config: string;
  /** What was read of it already. */
  readonly loaded?: Config;
  readonly env?: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly clock?: Clock;
  /** Reload when a file of the configuration changes (default: yes). */
  readonly watch?: boolean;
}

export interface Service {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly app: FastifyInstance;
  /** Reads the configuration again. An invalid one changes nothing and is logged. True if it is now in force. */
  reload(): boolean;
  /** How long stopping may take: `drain` and `close` together. */
  readonly drainMilliseconds: number;
  /** Lets callers move to another replica without losing a request; call `close` next. */
  drain(): Promise<void>;
  /** Stops accepting connections, answers the requests in progress, and flushes the audit log. */
  close(): Promise<void>;
}

/**
 * Builds nats-sts from its configuration and starts it: the one place where the parts are joined.
 *
 * @throws InvalidInput with every problem of the configuration.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { clock = systemClock, env = process.env } = options;
  const load = () => loadConfig(options.config, { env });
  const config = options.loaded ?? load();
  const stack = new AsyncDisposableStack();
  try {
    const resources = await openResources(config, { clock, log: options.log });
    stack.defer(() => resources.close());
    return await start(options, { load, config, resources, stack });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Beginning {
  readonly load: () => Config;
  readonly config: Config;
  readonly resources: Resources;
  /** Collects what must be closed, in the order it was started. */
  readonly stack: AsyncDisposableStack;
}

async function start(
  { log, watch }: ServiceOptions,
  { load, config, resources, stack }: Beginning,
): Promise<Service> {
  const state: State = { current: buildGeneration(resources, config), url: '', stopping: false };
  stack.defer(() => state.current.verifier.close());
  const metrics = createMetrics({
    version: VERSION,
    droppedRejections: resources.droppedRejections,
    issuers: () => state.current.verifier.status(),
  });
  metrics.reloaded(true, resources.clock.now());
  warn(log, config);
  const rotation = await startRotation({
    resources,
    config,
    accounts: () => state.current.ringed,
    metrics: rotationMetrics(
      metrics.registry,
      rotationSources(resources, () => state.current.ringed),
    ),
  });
  stack.defer(() => rotation.close());

  const sessions = rotation.system && systemSessions({ system: rotation.system });
  const { system } = rotation;
  if (system)
    stack.defer(await disconnectRevoked({ resources, system, current: () => state.current }));
  const { app, drainCallout } = await openDoors(state, {
    resources,
    metrics,
    sessions,
    system,
    stack,
  });
  state.url = await app.listen({ host: config.listen.host, port: config.listen.port });
  void fetchKeys(state.current, log);
  const reloading = reloadParts(load, { resources, metrics, rotation });
  const unwatch = watch === false ? () => {} : watchFiles(app, state, reloading);
  log.info({ url: state.url, version: VERSION }, 'listening');

  return {
    url: state.url,
    app,
    reload: () => reload(state, reloading),
    drainMilliseconds: (config.limits.stopDelaySeconds + config.limits.drainSeconds) * 1000,
    drain: async () => {
      state.stopping = true;
      log.info({}, 'stopping');
      await Promise.all([
        drainCallout(),
        app.drain({ acceptMilliseconds: config.limits.stopDelaySeconds * 1000 }),
      ]);
    },
    close: async () => {
      state.stopping = true;
      unwatch();
      await stack.disposeAsync();
      log.info({}, 'stopped');
    },
  };
}

/** The next generation takes over the issuers' keys that this one fetched. */
function reloadParts(
  load: () => Config,
  {
    resources,
    metrics,
    rotation,
  }: { resources: Resources; metrics: Metrics; rotation: Pick<Rotation, 'wake'> },
): ReloadParts<Generation> {
  return {
    load,
    build: (config, before) => buildGeneration(resources, config, before),
    replaced: (before, next) => {
      before.verifier.close(next.verifier);
      rotation.wake();
      void fetchKeys(next, resources.log);
    },
    metrics,
    clock: resources.clock,
    log: resources.log,
  };
}

/** Call the result to stop. */
function watchFiles(
  app: FastifyInstance,
  state: State,
  parts: ReloadParts<Generation>,
): () => void {
  const { tls } = state.current.config.listen;
  const unwatch = watchConfiguration(state, (again) => void reload(state, parts, again));
  const unwatchCertificate =
    tls &&
    watchCertificate(tls, { use: (certificate) => renewTls(app, certificate), log: parts.log });
  return () => {
    unwatch();
    unwatchCertificate?.();
  };
}
