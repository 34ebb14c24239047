import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type Sessions, systemSessions } from './account/sessions.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import { exchange } from './exchange.ts';
import { type AppOptions, buildApp } from './http/app.ts';
import { limitConcurrency } from './http/concurrency.ts';
import type { People } from './http/people.ts';
import type { Log } from './log.ts';
import { adminOf } from './service/admin/admin.ts';
import { type ConsoleView, consoleSource } from './service/console.ts';
import { type Foundation, layFoundation } from './service/foundation.ts';
import { buildGeneration, type Generation } from './service/generation.ts';
import { createMetrics, type Metrics } from './service/metrics.ts';
import { journalOf } from './service/journal.ts';
import { startPeople } from './service/people.ts';
import { rotationMetrics, rotationSources } from './service/rotation-metrics.ts';
import { startRotation } from './service/rotation.ts';
import { partStatus } from './service/readiness.ts';
import {
  type ReloadParts,
  type Running,
  reload,
  warn,
  watchCertificate,
  watchConfiguration,
} from './service/reload.ts';
import { readTls } from './service/tls.ts';
import { VERSION } from './version.ts';

export interface ServiceOptions {
  /** Path of the configuration file. */
  readonly config: string;
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
  /** Reads the configuration again. A bad one changes nothing and is told in the log. True when taken. */
  reload(): boolean;
  /** How long a stop may wait for requests in progress. */
  readonly drainMilliseconds: number;
  /** Stops taking connections, answers what is in progress, flushes the audit log. */
  close(): Promise<void>;
}

/**
 * Builds nats-sts from its configuration and starts it: the one place where the parts are joined.
 *
 * @throws InvalidInput when the configuration can't be used (every problem at once).
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { clock = systemClock, env = process.env } = options;
  const load = () => loadConfig(options.config, { env });
  const config = load();
  const stack = new AsyncDisposableStack();
  try {
    const foundation = await layFoundation(config, { clock, log: options.log });
    stack.defer(() => foundation.close());
    return await start(options, { load, config, foundation, stack });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Beginning {
  readonly load: () => Config;
  readonly config: Config;
  readonly foundation: Foundation;
  /** Gets what is to be closed, in the order it was started. */
  readonly stack: AsyncDisposableStack;
}

async function start(
  { log, watch }: ServiceOptions,
  { load, config, foundation, stack }: Beginning,
): Promise<Service> {
  const state: State = { current: buildGeneration(foundation, config), url: '', stopping: false };
  stack.defer(() => state.current.verifier.close());
  const metrics = createMetrics({
    version: VERSION,
    droppedRejections: foundation.droppedRejections,
    issuers: () => state.current.verifier.status(),
  });
  metrics.reloaded(true, foundation.clock.now());
  warn(log, config);
  const rotation = await startRotation({
    foundation,
    config,
    accounts: () => state.current.ringed,
    metrics: rotationMetrics(
      metrics.registry,
      rotationSources(foundation, () => state.current.ringed),
    ),
  });
  stack.defer(() => rotation.close());

  const sessions = rotation.system && systemSessions({ system: rotation.system });
  const people = await startPeople({
    foundation,
    journal: journalOf({ ...foundation, metrics }),
    current: () => state.current,
    publicUrl: () => publicUrl(state),
  });
  stack.defer(() => people.close());
  const console = consoleSource({
    auditFile: config.store.sqliteFile,
    state: foundation.state,
    config: () => state.current.config,
  });
  stack.defer(() => console.close());
  const app = await buildApp(appOptions(state, { foundation, metrics, sessions, people, console }));
  stack.defer(() => app.close());
  state.url = await app.listen({ host: config.listen.host, port: config.listen.port });
  void state.current.verifier.prewarm();
  const reloading = reloadParts(load, { foundation, metrics });
  const unwatch = watch === false ? () => {} : watchFiles(app, state, reloading);
  log.info({ url: state.url, version: VERSION }, 'listening');

  return {
    url: state.url,
    app,
    reload: () => reload(state, reloading),
    drainMilliseconds: config.limits.drainSeconds * 1000,
    close: async () => {
      state.stopping = true;
      unwatch();
      await stack.disposeAsync();
      log.info({}, 'stopped');
    },
  };
}

/** Issuers' keys that were fetched move over from one generation to the next. */
function reloadParts(
  load: () => Config,
  { foundation, metrics }: { foundation: Foundation; metrics: Metrics },
): ReloadParts<Generation> {
  return {
    load,
    build: (config, before) => buildGeneration(foundation, config, before),
    replaced: (before, next) => {
      before.verifier.close(next.verifier);
      void next.verifier.prewarm();
    },
    metrics,
    clock: foundation.clock,
    log: foundation.log,
  };
}

/** Call the result to stop. */
function watchFiles(
  app: FastifyInstance,
  state: State,
  parts: ReloadParts<Generation>,
): () => void {
  const { tls } = state.current.config.listen;
  const unwatch = watchConfiguration(state, parts);
  const unwatchCertificate = tls && watchCertificate(app, tls, parts.log);
  return () => {
    unwatch();
    unwatchCertificate?.();
  };
}

/** Most connections are idle ones that callers keep open; a quarter is enough for one of them. */
function connectionBounds(exchanges: number, behindProxy: boolean): AppOptions['connections'] {
  const total = exchanges * 10;
  return { total, perNetwork: behindProxy ? undefined : Math.max(32, total / 4) };
}

interface State extends Running<Generation> {
  /** Where it listens; empty before it does. */
  url: string;
  stopping: boolean;
}

/** What the doors are made of besides the configuration in force. */
interface Joined {
  readonly foundation: Foundation;
  readonly metrics: Metrics;
  readonly sessions: Sessions | undefined;
  readonly people: People;
  readonly console: ConsoleView;
}

function appOptions(
  state: State,
  { foundation, metrics, sessions, people, console }: Joined,
): AppOptions {
  const { listen, limits } = state.current.config;
  return {
    exchange: metrics.observed(
      limitConcurrency(
        (request) => exchange(state.current.parts, request),
        limits.concurrentRequests,
      ),
    ),
    admin: adminOf({ foundation, current: () => state.current, sessions }),
    people,
    console,
    live: () => ({
      publicUrl: publicUrl(state),
      servers: state.current.config.nats.servers,
      contact: state.current.config.contact,
      accounts: state.current.config.accounts,
    }),
    rateLimit: () => state.current.config.rateLimit,
    limits,
    connections: connectionBounds(limits.concurrentRequests, listen.behindProxy !== undefined),
    ...(listen.behindProxy && { trustProxy: listen.behindProxy }),
    ...(listen.tls && { tls: readTls(listen.tls) }),
    status: () =>
      partStatus({
        ...state.current.parts,
        audit: foundation.audit,
        rings: foundation.rings,
        stopping: state.stopping,
      }),
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    openapi: readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
    onFault: (requestId, fault) => {
      metrics.fault();
      foundation.log.error({ requestId, fault: describe(fault) }, 'a request failed');
    },
  };
}

/** Where nothing is configured and the system chose the port, only the running server knows. */
function publicUrl({ current: { config }, url }: State): string {
  return config.publicUrl.endsWith(':0') ? url : config.publicUrl;
}

/** A fault for the log: its stack and causes. */
function describe(fault: unknown): string {
  return fault instanceof Error
    ? `${fault.stack ?? fault.message}${fault.cause === undefined ? '' : `\ncaused by ${describe(fault.cause)}`}`
    : String(fault);
}
