import { Command, Option } from 'commander';
import { createLog, type Log } from '../log.ts';
import { type Service, startService } from '../service.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';

interface ServeOptions {
  readonly config?: string;
  readonly logLevel: string;
}

/** `nats-sts serve`: runs until told to stop. SIGHUP reloads the configuration, SIGTERM and SIGINT stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the service')
    .addOption(configOption())
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .env('STS_LOG_LEVEL')
        .default('info'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async ({ config, logLevel }: ServeOptions) => {
      // Whoever read the log has gone; issuing goes on.
      process.stdout.on('error', () => {});
      const log = createLog(process.stdout, logLevel);
      const service = await start(requireConfig(config), log);
      process.on('SIGHUP', () => service.reload());
      await stopSignal();
      await stop(service, log);
    });
}

const EXAMPLES = `
A changed configuration takes effect at once (SIGHUP does it, too); one that is not valid changes nothing.
SIGTERM and SIGINT answer what is in progress, then stop.

Examples:
  nats-sts serve --config sts.yaml
  STS_CONFIG=sts.yaml STS_LOG_LEVEL=warn nats-sts serve`;

async function start(config: string, log: Log): Promise<Service> {
  try {
    return await startService({ config, log });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new CliError(
        ExitCode.unavailable,
        `cannot listen (${message}); change listen.host or listen.port, or stop what uses it`,
      );
    }
    throw error;
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/** What is in progress is answered first; a caller that never finishes can't hold us beyond the drain time. */
async function stop(service: Service, log: Log): Promise<void> {
  const deadline = setTimeout(() => {
    log.warn({}, 'requests were still in progress when the drain time ended');
    process.exit(ExitCode.failed);
  }, service.drainMilliseconds);
  await service.close();
  clearTimeout(deadline);
}
