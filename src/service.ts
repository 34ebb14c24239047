import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { openSqliteLog } from './audit/sqlite-log.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import { formatProblem, InvalidInput } from './errors.ts';
import { type ExchangeParts, exchange } from './exchange.ts';
import { buildApp } from './http/app.ts';
import { openSingleUse } from './identity/single-use.ts';
import { createVerifier, type Verifier } from './identity/verify.ts';
import { givenKeys } from './keyring/given-keys.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import { policyOf } from './preflight.ts';
import { openStore } from './store/sqlite.ts';
import { partStatus } from './readiness.ts';
import { VERSION } from './version.ts';
import { watchFiles } from './watch.ts';

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

/** One configuration and the parts built from it; a reload swaps the whole. */
interface Generation {
  readonly config: Config;
  readonly parts: ExchangeParts;
  readonly verifier: Verifier;
}

/**
 * Builds nats-sts from its configuration and starts it: the one place where the parts are joined.
 *
 * @throws InvalidInput when the configuration can't be used (every problem at once).
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { log, clock = systemClock, env = process.env } = options;
  const load = () => loadConfig(options.config, { env });
  const config = load();

  const store = openStore({ file: config.store.sqliteFile, survive: config.audit.survive });
  const { retentionSeconds } = config.audit;
  const audit = openSqliteLog({ store, clock, retentionSeconds });
  const singleUse = openSingleUse({ database: store.database, clock });

  const build = (config: Config, previous?: Generation): Generation => {
    const policy = policyOf(config);
    const verifier = createVerifier({
      issuers: config.issuers,
      tokenBytes: config.limits.tokenBytes,
      clock,
      singleUse,
      ...(previous && { reusing: previous.verifier }),
    });
    const parts: ExchangeParts = {
      clock,
      verifier,
      policy,
      audit,
      keyRing: givenKeys(config.accounts),
      drafting: { maxControlLineBytes: config.nats.maxControlLineBytes },
      cappedIssuers: new Set(config.issuers.filter((i) => i.capToTokenExpiry).map((i) => i.name)),
    };
    return { config, parts, verifier };
  };

  let current = build(config);
  let stopping = false;
  const metrics = createMetrics({
    version: VERSION,
    issuers: () => current.verifier.status(),
  });
  metrics.reloaded(true, clock.now());

  const app = await buildApp({
    exchange: metrics.observed((request) => exchange(current.parts, request)),
    live: () => ({
      publicUrl: publicUrl(current.config),
      servers: current.config.nats.servers,
      accounts: current.config.accounts,
    }),
    rateLimit: () => current.config.rateLimit,
    limits: config.limits,
    ...(config.listen.behindProxy && { trustProxy: config.listen.behindProxy }),
    ...(config.listen.tls && { tls: readTls(config.listen.tls) }),
    status: () => partStatus({ ...current, audit, stopping }),
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    openapi: readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
    onFault: (requestId, fault) => {
      metrics.fault();
      log.error({ requestId, fault: describe(fault) }, 'a request failed');
    },
  });

  const reload = (): boolean => {
    try {
      const next = build(load(), current);
      for (const key of needRestart(current.config, next.config)) {
        log.warn({ key }, 'this setting changed, but takes effect only after a restart');
      }
      warn(log, next.config);
      const moved = watched(current.config).join('\n') !== watched(next.config).join('\n');
      current.verifier.close(next.verifier);
      current = next;
      void next.verifier.prewarm();
      // A watch that begins anew would miss what changed since the file was read.
      if (moved) rewatch(next.config);
      metrics.reloaded(true, clock.now());
      log.info({ config: next.config.file }, 'configuration reloaded');
      return true;
    } catch (error) {
      metrics.reloaded(false, clock.now());
      log.error(
        { problems: problemsOf(error) },
        'THE CHANGED CONFIGURATION WAS REFUSED; the one from before stays in force',
      );
      return false;
    }
  };

  let unwatch = () => {};
  const rewatch = (config: Config): void => {
    unwatch();
    if (options.watch === false) return;
    const { tls } = config.listen;
    const policies = watchFiles(config.files, reload);
    const certificates = tls
      ? watchFiles([tls.certFile, tls.keyFile], () => renewTls(app, tls, log))
      : () => {};
    unwatch = () => {
      policies();
      certificates();
    };
  };

  /** Where nothing is configured and the system chose the port, only the running server knows. */
  const publicUrl = ({ publicUrl }: Config) => (publicUrl.endsWith(':0') ? url : publicUrl);

  warn(log, config);
  const url = await app.listen({ host: config.listen.host, port: config.listen.port });
  void current.verifier.prewarm();
  rewatch(config);
  log.info({ url, version: VERSION }, 'listening');

  return {
    url,
    app,
    reload,
    drainMilliseconds: config.limits.drainSeconds * 1000,
    close: async () => {
      stopping = true;
      unwatch();
      await app.close();
      current.verifier.close();
      await audit.close();
      store.close();
      log.info({}, 'stopped');
    },
  };
}

function watched({ files, listen: { tls } }: Config): string[] {
  return [...files, ...(tls ? [tls.certFile, tls.keyFile] : [])];
}

/** Top-level settings that a running service can't change. */
function needRestart(before: Config, after: Config): string[] {
  const fixed = ['listen', 'store', 'audit', 'limits'] as const;
  return fixed.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}

function warn(log: Log, { warnings }: Config): void {
  for (const { path, message, level } of warnings) {
    if (level === 'warning') log.warn({ path }, message);
  }
}

function readTls({ certFile, keyFile }: { certFile: string; keyFile: string }) {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

function renewTls(
  app: FastifyInstance,
  files: { certFile: string; keyFile: string },
  log: Log,
): void {
  try {
    const server = app.server as typeof app.server & {
      setSecureContext?: (context: { cert: Buffer; key: Buffer }) => void;
    };
    server.setSecureContext?.(readTls(files));
    log.info({}, 'TLS certificate renewed');
  } catch (error) {
    log.error({ problems: problemsOf(error) }, 'the changed TLS certificate was refused');
  }
}

function problemsOf(error: unknown): string[] {
  if (error instanceof InvalidInput) return error.problems.map(formatProblem);
  return [error instanceof Error ? error.message : String(error)];
}

/** A fault for the log: its stack and causes. */
function describe(fault: unknown): string {
  return fault instanceof Error
    ? `${fault.stack ?? fault.message}${fault.cause === undefined ? '' : `\ncaused by ${describe(fault.cause)}`}`
    : String(fault);
}
