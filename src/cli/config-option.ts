import { Option } from 'commander';
import { CliError, ExitCode } from './exit-codes.ts';

/** `--config FILE`, else the variable STS_CONFIG. */
export function configOption(): Option {
  return new Option('-c, --config <file>', 'the configuration file')
    .env('STS_CONFIG')
    .argParser((file) => file.trim());
}

export function requireConfig(config: string | undefined): string {
  if (config !== undefined) return config;
  throw new CliError(
    ExitCode.usage,
    'no configuration given. Give --config sts.yaml or set STS_CONFIG (nats-sts init writes a first one)',
  );
}
