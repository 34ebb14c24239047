import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';
import type { FileVersions } from '../../config/files.ts';
import { InvalidConfig } from '../../config/load.ts';
import { formatProblem, InvalidInput } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Clock } from '../../clock.ts';
import type { ProcessMetrics } from '../metrics/process-metrics.ts';
import { watchFiles } from './watch-files.ts';

/** What was built from the configuration in force. */
export interface Running<Built extends { readonly config: Config }> {
  current: Built;
  /** The last change, if it was refused. */
  refused?: Refused | undefined;
}

interface Refused {
  readonly problems: readonly string[];
  /** The files are valid, so the problem may go away by itself: it may be a ring in the store that cannot be opened. */
  readonly mayPass: boolean;
  /** The files that the refused configuration names. */
  readonly files: FileVersions;
}

export interface ReloadParts<Built extends { readonly config: Config }> {
  readonly load: () => Config;
  /** Throws if the configuration cannot be put in force; then nothing was started. */
  readonly build: (config: Config, before: Built) => Built;
  /** `next` is in force. */
  readonly replaced?: (before: Built, next: Built) => void;
  readonly metrics: Pick<ProcessMetrics, 'reloaded'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Reads the configuration again and puts it in force. An invalid one changes nothing and is logged as an
 * error. True if it is now in force. `again`: do not log the same problems twice.
 */
export function reload<Built extends { readonly config: Config }>(
  running: Running<Built>,
  { load, build, replaced, metrics, clock, log }: ReloadParts<Built>,
  { again = false }: { readonly again?: boolean } = {},
): boolean {
  const before = running.current;
  let config: Config | undefined;
  try {
    config = load();
    const next = build(config, before);
    for (const key of needRestart(before.config, next.config)) {
      log.warn({ key }, 'this setting changed, but takes effect only after a restart');
    }
    warn(log, next.config);
    running.current = next;
    running.refused = undefined;
    replaced?.(before, next);
    metrics.reloaded(true, clock.now());
    log.info({ config: next.config.file }, 'configuration reloaded');
    return true;
  } catch (error) {
    const problems = problemsOf(error);
    const files = config?.files ?? (error instanceof InvalidConfig ? error.files : NO_FILES);
    const known = isDeepStrictEqual(running.refused?.problems, problems);
    running.refused = { problems, mayPass: config !== undefined, files };
    metrics.reloaded(false, clock.now());
    if (again && known) return false;
    log.error(
      { problems },
      'the changed configuration was refused; the previous one stays in force',
    );
    return false;
  }
}

const NO_FILES: FileVersions = new Map();
const RETRY_MILLISECONDS = 60_000;

/**
 * Reloads when a file of the configuration in force changes, or a file of a refused change, so that the change
 * is tried again once it is fixed. Call the result to stop.
 */
export function watchConfiguration<Built extends { readonly config: Config }>(
  running: Running<Built>,
  parts: ReloadParts<Built>,
): () => void {
  const unwatch = watchFiles({
    files: () => new Map([...running.current.config.files, ...(running.refused?.files ?? [])]),
    onChange: () => void reload(running, parts),
  });
  const retry = setInterval(() => {
    if (running.refused?.mayPass) reload(running, parts, { again: true });
  }, RETRY_MILLISECONDS).unref();
  return () => {
    unwatch();
    clearInterval(retry);
  };
}

/** Logs what is valid but probably not intended. Only `nats-sts check` shows notes. */
export function warn(log: Log, { warnings }: Config): void {
  for (const { path, message, level } of warnings) {
    if (level === 'warning') log.warn({ path }, message);
  }
}

/** Settings that changed and that a running service cannot change. */
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

/** Why a configuration or certificate cannot be used. */
export function problemsOf(error: unknown): string[] {
  if (error instanceof InvalidInput) return error.problems.map(formatProblem);
  return [error instanceof Error ? error.message : String(error)];
}
