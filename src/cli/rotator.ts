import { Command, InvalidArgumentError, Option } from 'commander';
import { startRotatorService } from '../service/rotator-service.ts';
import { configOption, requireConfig } from './config-option.ts';
import { logLevelOption, type ProcessOptions, runUntilStopped } from './run.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `nats-sts rotator`: rotates signing keys and carries out revocations, until it is stopped. Has no routes for callers. */
export function rotatorCommand(): Command {
  return new Command('rotator')
    .addOption(configOption())
    .addOption(listenOption())
    .addOption(logLevelOption())
    .addHelpText('after', EXAMPLES)
    .action(async ({ config, logLevel, listen }: ProcessOptions & { listen?: Address }) => {
      await runUntilStopped({
        logLevel,
        start: (log) =>
          startRotatorService({ config: requireConfig(config), log, ...(listen && { listen }) }),
        whereToListen: '--listen',
      });
    });
}

const EXAMPLES = `
Use it to keep the operator signing key and the system account away from serve: only the rotator's
configuration has nats.operatorSigningKey and nats.system. Both configurations have the same store,
sealingKey, accounts and roles. Of several rotators, one works and the others stand by. The rotator reloads the configuration
when the file changes, or on SIGHUP; SIGTERM or SIGINT stops it.

Examples:
  nats-sts rotator --config rotator.yaml
  nats-sts rotator --config rotator.yaml --listen 127.0.0.1:9090     with /livez, /readyz and /metrics`;

/** Plain HTTP, even beyond loopback: these routes serve nothing secret. */
function listenOption(): Option {
  return new Option(
    '--listen <host:port>',
    'serve /livez, /readyz and /metrics at this address, unencrypted (default: off)',
  ).argParser(addressOf);
}

function addressOf(text: string): Address {
  const [, host, port] = /^([\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || !URL.canParse(`http://${text}`)) {
    throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090.');
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
