import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { formatProblem, InvalidInput } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../clock.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { renewTls, type TlsFiles } from './tls.ts';
import { watchFiles } from './watch.ts';

/** What was built from the configuration that is in force. */
export interface Running<Built extends { readonly config: Config }> {
  current: Built;
}

export interface ReloadParts<Built extends { readonly config: Config }> {
  readonly load: () => Config;
  /** Throws when the configuration can't be put in force; then nothing was started. */
  readonly build: (config: Config, before: Built) => Built;
  /** `next` is in force. */
  readonly replaced?: (before: Built, next: Built) => void;
  readonly metrics: Pick<ProcessMetrics, 'reloaded'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads the configuration again and puts it in force. A bad one changes nothing and is told loudly. True when taken. */
export function reload<Built extends { readonly config: Config }>(
  running: Running<Built>,
  { load, build, replaced, metrics, clock, log }: ReloadParts<Built>,
): boolean {
  try {
    const before = running.current;
    const next = build(load(), before);
    for (const key of needRestart(before.config, next.config)) {
      log.warn({ key }, 'this setting changed, but takes effect only after a restart');
    }
    warn(log, next.config);
    running.current = next;
    replaced?.(before, next);
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
}

/** Reloads when a file changes that the configuration in force was read from. Call the result to stop. */
export function watchConfiguration<Built extends { readonly config: Config }>(
  running: Running<Built>,
  parts: ReloadParts<Built>,
): () => void {
  let { files } = running.current.config;
  const onChange = (): void => {
    reload(running, parts);
    const { files: now } = running.current.config;
    // A watch that begins anew would miss what changed since the file was read.
    if (now.join('\n') === files.join('\n')) return;
    unwatch();
    files = now;
    unwatch = watchFiles(files, onChange);
  };
  let unwatch = watchFiles(files, onChange);
  return () => unwatch();
}

/** New connections get the certificate that the files hold, whenever they change. Call the result to stop. */
export function watchCertificate(app: FastifyInstance, tls: TlsFiles, log: Log): () => void {
  return watchFiles([tls.certFile, tls.keyFile], () => {
    try {
      renewTls(app, tls);
      log.info({}, 'TLS certificate renewed');
    } catch (error) {
      log.error({ problems: problemsOf(error) }, 'the changed TLS certificate was refused');
    }
  });
}

/** What is allowed but probably not meant. Notes are for `nats-sts check` only. */
export function warn(log: Log, { warnings }: Config): void {
  for (const { path, message, level } of warnings) {
    if (level === 'warning') log.warn({ path }, message);
  }
}

/** Settings that a running service can't change. */
function needRestart(before: Config, after: Config): string[] {
  return Object.entries(FIXED)
    .filter(([, of]) => JSON.stringify(of(before)) !== JSON.stringify(of(after)))
    .map(([key]) => key);
}

const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  listen: ({ listen }) => listen,
  store: ({ store }) => store,
  audit: ({ audit }) => audit,
  limits: ({ limits }) => limits,
  sealingKey: ({ sealingKeys }) => sealingKeys,
  rotator: ({ rotator }) => rotator,
  'nats.system': ({ nats }) => nats.system,
  'nats.operatorSigningKey': ({ nats }) => nats.operatorSigningKey,
  'nats.operator': ({ nats }) => nats.operatorJwt,
};

function problemsOf(error: unknown): string[] {
  if (error instanceof InvalidInput) return error.problems.map(formatProblem);
  return [error instanceof Error ? error.message : String(error)];
}
