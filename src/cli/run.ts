import { Option } from 'commander';
import { createLog, type Log } from '../log.ts';
import { StoreUnavailable } from '../store/shared-state.ts';
import { CliError, ExitCode } from './exit-codes.ts';

/** What every command that runs until it is told to stop can be told. */
export interface ProcessOptions {
  readonly config?: string;
  readonly logLevel: string;
}

/** What such a command runs. */
interface Runnable {
  reload(): boolean;
  readonly drainMilliseconds: number;
  /** Comes before `close`, for those who have callers. */
  drain?(): Promise<void>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly logLevel: string;
  readonly start: (log: Log) => Promise<Runnable>;
  /** What to change when the address can't be listened on. */
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
  // Whoever read the log has gone; the work goes on.
  process.stdout.on('error', () => {});
  const log = createLog(process.stdout, logLevel);
  // Listened for from the beginning: whoever reads "listening" may send one at once.
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
        `cannot listen (${message}); change ${whereToListen}, or stop what uses it`,
      );
    }
    throw error;
  }
}

/** A second signal ends the process at once, whatever it is at. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/** What is in progress is ended first; what never ends can't hold us beyond the drain time. */
async function stop(running: Runnable, log: Log): Promise<void> {
  const deadline = setTimeout(() => {
    log.warn({}, 'requests were still in progress when the drain time ended');
    process.exit(ExitCode.failed);
  }, running.drainMilliseconds);
  await running.drain?.();
  await running.close();
  clearTimeout(deadline);
}
