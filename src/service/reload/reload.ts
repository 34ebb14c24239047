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

/** `again`: do not log the same problems twice. */
export interface Again {
  readonly again?: boolean;
}

/**
 * Reads the configuration again and puts it in force. An invalid one changes nothing and is logged as an
 * error. True if it is now in force.
 */
export function reload<Built extends { readonly config: Config }>(
  running: Running<Built>,
  parts: ReloadParts<Built>,
  again: Again = {},
): boolean {
  const next = buildNext(running, parts);
  return 'config' in next ? accept(running, next, parts) : refuse(running, next, parts, again);
}

/**
 * The same where other processes must have it, too: `spread` puts it in force there, everywhere or nowhere, and resolves with
 * what is wrong with it.
 */
export async function reloadEverywhere<Built extends { readonly config: Config }>(
  running: Running<Built>,
  parts: ReloadParts<Built> & { readonly spread: (next: Built) => Promise<readonly string[]> },
  again: Again = {},
): Promise<boolean> {
  const next = buildNext(running, parts);
  if (!('config' in next)) return refuse(running, next, parts, again);
  const problems = await parts.spread(next);
  if (problems.length === 0) return accept(running, next, parts);
  return refuse(running, { problems, mayPass: true, files: next.config.files }, parts, again);
}

function buildNext<Built extends { readonly config: Config }>(
  { current }: Running<Built>,
  { load, build }: ReloadParts<Built>,
): Built | Refused {
  let config: Config | undefined;
  try {
    config = load();
    return build(config, current);
  } catch (error) {
    const files = config?.files ?? (error instanceof InvalidConfig ? error.files : NO_FILES);
    return { problems: problemsOf(error), mayPass: config !== undefined, files };
  }
}

function accept<Built extends { readonly config: Config }>(
  running: Running<Built>,
  next: Built,
  { replaced, metrics, clock, log }: ReloadParts<Built>,
): true {
  const before = running.current;
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
}

function refuse<Built extends { readonly config: Config }>(
  running: Running<Built>,
  refused: Refused,
  { metrics, clock, log }: ReloadParts<Built>,
  { again = false }: Again,
): false {
  const known = isDeepStrictEqual(running.refused?.problems, refused.problems);
  running.refused = refused;
  metrics.reloaded(false, clock.now());
  if (again && known) return false;
  log.error(
    { problems: refused.problems },
    'the changed configuration was refused; the previous one stays in force',
  );
  return false;
}

const NO_FILES: FileVersions = new Map();
const RETRY_MILLISECONDS = 60_000;

/**
 * Reloads when a file of the configuration in force changes, or a file of a refused change, so that the change
 * is tried again once it is fixed. Call the result to stop.
 */
export function watchConfiguration<Built extends { readonly config: Config }>(
  running: Running<Built>,
  reloadNow: (again: Again) => void,
): () => void {
  const unwatch = watchFiles({
    files: () => new Map([...running.current.config.files, ...(running.refused?.files ?? [])]),
    onChange: () => reloadNow({}),
  });
  const retry = setInterval(() => {
    if (running.refused?.mayPass) reloadNow({ again: true });
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
  workers: ({ workers }) => workers,
  sealingKey: ({ sealingKeys }) => sealingKeys,
  rotator: ({ rotator }) => rotator,
  // Each request reads `userName` anew.
  callout: ({ callout }) => callout && { ...callout, userName: undefined },
  'nats.system': ({ nats }) => nats.system,
  'nats.operatorSigningKey': ({ nats }) => nats.operatorSigningKey,
  'nats.operator': ({ nats }) => nats.operatorJwt,
};

/** Why a configuration or certificate cannot be used. */
export function problemsOf(error: unknown): string[] {
  if (error instanceof InvalidInput) return error.problems.map(formatProblem);
  return [error instanceof Error ? error.message : String(error)];
}
