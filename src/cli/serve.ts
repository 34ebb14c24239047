import { Command } from 'commander';
import { startService } from '../service.ts';
import { configOption, requireConfig } from './config-option.ts';
import { logLevelOption, type ProcessOptions, runUntilStopped } from './run.ts';

/** `nats-sts serve`: runs until it is stopped. SIGHUP reloads the configuration, SIGTERM and SIGINT stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .addOption(configOption())
    .addOption(logLevelOption())
    .addHelpText('after', EXAMPLES)
    .action(async ({ config, logLevel }: ProcessOptions) => {
      await runUntilStopped({
        logLevel,
        start: (log) => startService({ config: requireConfig(config), log }),
        whereToListen: 'listen.host or listen.port',
      });
    });
}

const EXAMPLES = `
The service reloads the configuration when the file changes, or on SIGHUP. If the new configuration is
not valid, the old one stays in force. On SIGTERM or SIGINT it finishes the requests in progress and stops.

Examples:
  nats-sts serve --config sts.yaml
  STS_CONFIG=sts.yaml STS_LOG_LEVEL=warn nats-sts serve`;
