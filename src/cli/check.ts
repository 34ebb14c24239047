import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { formatProblem, InvalidInput } from '../errors.ts';
import { compilePolicy, type Policy } from '../policy/compile.ts';
import type { Config } from '../config/config.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { roleSigning } from './role-signing.ts';
import { harmless, jsonLine, styled, type Terminal } from './terminal.ts';
import { table } from './table.ts';

interface CheckOptions {
  readonly config?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** `nats-sts check`: is this configuration valid, and does it say what its author meant? */
export function checkCommand(terminal: Terminal): Command {
  return new Command('check')
    .description('validate the configuration and warn of pitfalls')
    .addOption(configOption())
    .option('--strict', 'fail on warnings, too')
    .option('--json', 'one JSON document')
    .action(({ config: file, strict, json }: CheckOptions) => {
      const config = load(terminal, requireConfig(file), json === true);
      const { policy } = compilePolicy(config);
      terminal.out(json ? jsonLine(summary(config, policy)) : report(terminal, config, policy));
      if (strict && config.warnings.length > 0) throw new CliError(ExitCode.failed, '');
    });
}

/** With --json the problems are the document. */
function load(terminal: Terminal, file: string, json: boolean): Config {
  try {
    return loadConfig(file, { env: process.env });
  } catch (error) {
    if (!(json && error instanceof InvalidInput)) throw error;
    terminal.out(jsonLine({ valid: false, problems: error.problems }));
    throw new CliError(ExitCode.configuration, '', { cause: error });
  }
}

function summary(config: Config, policy: Policy) {
  return {
    valid: true,
    warnings: config.warnings,
    issuers: config.issuers.map(({ name, issuers, kinds }) => ({ name, issuers, kinds })),
    roles: config.roles.map((role) => ({
      name: role.name,
      account: role.account,
      maxTtlSeconds: role.maxTtlSeconds,
      ...roleSigning(config, policy, role.name),
    })),
    bindings: config.bindings.length,
  };
}

function report(terminal: Terminal, config: Config, policy: Policy): string {
  const warnings = config.warnings.map(
    (warning) => `${styled(terminal, 'yellow', 'warning')}  ${harmless(formatProblem(warning))}\n`,
  );
  const roles = config.roles.map(({ name, account }) => {
    const { signing, why } = roleSigning(config, policy, name);
    return [name, account, signing, why];
  });
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  return [
    ...warnings,
    warnings.length > 0 ? '\n' : '',
    roles.length === 0
      ? ''
      : `${table(terminal, [{ title: 'ROLE' }, { title: 'ACCOUNT' }, { title: 'SIGNING' }, { title: 'WHY', shrinkTo: 20 }], roles)}\n`,
    `${styled(terminal, 'green', 'valid')}: ${[
      count(config.issuers.length, 'issuer'),
      count(config.roles.length, 'role'),
      count(config.bindings.length, 'binding'),
      count(config.warnings.length, 'warning'),
    ].join(', ')}\n`,
  ].join('');
}
