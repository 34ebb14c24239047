import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** `nats-sts health`: asks the running service whether it is alive; for container health checks. */
export function healthCommand(terminal: Terminal): Command {
  return new Command('health')
    .description('ask the running service whether it is alive')
    .addOption(configOption())
    .action(async ({ config }: { config?: string }) => {
      const { listen } = loadConfig(requireConfig(config), { env: process.env });
      const host = listen.host === '0.0.0.0' || listen.host === '::' ? '127.0.0.1' : listen.host;
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}/livez`;
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(
        () => undefined,
      );
      if (!response?.ok) throw new CliError(ExitCode.unavailable, `${url} does not answer`);
      terminal.out('ok\n');
    });
}
