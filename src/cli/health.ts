import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

const PATIENCE_MILLISECONDS = 2000;

/** `nats-sts health`: asks the running service whether it is alive. For container health checks. */
export function healthCommand(terminal: Terminal): Command {
  return new Command('health')
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(async ({ config }: { config?: string }) => {
      const { listen } = loadConfig(requireConfig(config), { env: process.env });
      const url = livenessUrl(listen);
      const fault = await faultOf(url);
      if (fault !== undefined) throw new CliError(ExitCode.unavailable, fault);
      terminal.out('ok\n');
    });
}

const EXAMPLES = `
Examples:
  nats-sts health --config sts.yaml
  HEALTHCHECK CMD ["nats-sts", "health"]      in a Dockerfile, with STS_CONFIG set`;

function livenessUrl({ host, port, tls }: Config['listen']): string {
  if (port === 0) {
    throw new CliError(
      ExitCode.usage,
      'listen.port is 0, so the configuration does not say where the service listens; set a port',
    );
  }
  const anywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const reachable = anywhere[host] ?? host;
  const bracketed = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `${tls ? 'https' : 'http'}://${bracketed}:${port}/livez`;
}

/** Undefined if the service is alive. */
function faultOf(url: string): Promise<string | undefined> {
  const get = url.startsWith('https:') ? getHttps : getHttp;
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  return new Promise((resolve) => {
    // The certificate names the public host, not this address. Nothing secret is sent, and only "alive" is learned.
    get(url, { agent: false, signal, rejectUnauthorized: false }, (response) => {
      response.resume();
      const { statusCode } = response;
      resolve(statusCode === 200 ? undefined : `${url} answered ${statusCode}`);
    }).on('error', ({ message }) => {
      const why = signal.aborted ? `no answer within ${PATIENCE_MILLISECONDS} ms` : message;
      resolve(`cannot reach ${url}: ${why}`);
    });
  });
}
