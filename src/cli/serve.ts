import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { createFiles } from '../config/files.ts';
import { loadConfig } from '../config/load.ts';
import { createLog, type Log } from '../log.ts';
import { startService } from '../service.ts';
import { WORKER_VARIABLE, workersOf } from '../service/workers/share.ts';
import { configOption, requireConfig } from './config-option.ts';
import { logLevelOption, type ProcessOptions, type Runnable, runUntilStopped } from './run.ts';

/** `nats-sts serve`: runs until it is stopped. SIGHUP reloads the configuration, SIGTERM and SIGINT stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .addOption(configOption())
    .addOption(logLevelOption())
    .addHelpText('after', EXAMPLES)
    .action(async ({ config, logLevel }: ProcessOptions) => {
      // Little survives an exchange: helpers of the collector cost more than they collect (ADR 32).
      setFlagsFromString('--no-parallel-scavenge');
      const worker = process.env[WORKER_VARIABLE];
      if (worker !== undefined) return serveAsWorker(Number(worker), logLevel);
      await runUntilStopped({
        logLevel,
        start: (log) => serve(requireConfig(config), log),
        whereToListen: 'listen.host or listen.port',
      });
    });
}

async function serve(file: string, log: Log): Promise<Runnable> {
  const load = () => {
    const files = new Map();
    return { config: loadConfig(file, { env: process.env, files: createFiles(files) }), files };
  };
  const loaded = load();
  if (workersOf(loaded.config) === 1)
    return startService({ config: file, loaded: loaded.config, log });
  const { startPrimary } = await import('../service/workers/primary.ts');
  return startPrimary({ loaded, load, log });
}

async function serveAsWorker(worker: number, logLevel: string): Promise<void> {
  process.stdout.on('error', () => {});
  const { runWorker } = await import('../service/workers/worker.ts');
  await runWorker({ log: createLog(process.stdout, logLevel, { worker }) });
  // Whatever is still open belongs to nobody.
  process.exit();
}

const EXAMPLES = `
The service reloads the configuration when the file changes, or on SIGHUP. If the new configuration is
not valid, the old one stays in force. On SIGTERM or SIGINT it finishes the requests in progress and stops.

Examples:
  nats-sts serve --config sts.yaml
  STS_CONFIG=sts.yaml STS_LOG_LEVEL=warn nats-sts serve`;
