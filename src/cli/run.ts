import { Option } from 'commander';
import { createLog, type Log } from '../log.ts';
import { StoreUnavailable } from '../store/shared-state.ts';
import { CliError, ExitCode } from './exit-codes.ts';

/** The options of every command that runs until it is stopped. */
export interface ProcessOptions {
  readonly config?: string;
  readonly logLevel: string;
}

/** What such a command runs. */
export interface Runnable {
  reload(): unknown;
  readonly drainMilliseconds: number;
  /** Called before `close`, if it has callers. */
  drain?(): Promise<void>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly logLevel: string;
  readonly start: (log: Log) => Promise<Runnable>;
  /** The setting to change when the address cannot be used. */
  readonly whereToListen: string;
}

export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'how much to log')
    .choices(['debug', 'info', 'warn', 'error'])
    .env('STS_LOG_LEVEL')
    .default('info');
}

/** SIGHUP reloads the configuration, SIGTERM and SIGINT stop. */
export async function runUntilStopped({ logLevel, ...options }: RunOptions): Promise<void> {
  // If the reader of the log goes away, the service keeps running.
  process.stdout.on('error', () => {});
  const log = createLog(process.stdout, logLevel);
  // Installed first: a signal may arrive as soon as "listening" is logged.
  const stopped = stopSignal();
  let running: Runnable | undefined;
  process.on('SIGHUP', () => running?.reload());
  running = await started(options, log);
  await stopped;
  await stop(running, log);
}

async function started(
  { start, whereToListen }: Omit<RunOptions, 'logLevel'>,
  log: Log,
): Promise<Runnable> {
  try {
    return await start(log);
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      throw new CliError(ExitCode.unavailable, error.message, { cause: error });
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new CliError(
        ExitCode.unavailable,
        `cannot listen (${message}); change ${whereToListen}, or stop the program that uses the address`,
      );
    }
    throw error;
  }
}

/** A second signal ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/** Waits for what is in progress, for the drain time at most. */
async function stop(running: Runnable, log: Log): Promise<void> {
  const deadline = setTimeout(() => {
    log.warn({}, 'requests were still in progress when the drain time ended');
    process.exit(ExitCode.failed);
  }, running.drainMilliseconds);
  await running.drain?.();
  await running.close();
  clearTimeout(deadline);
}
