import { Command, InvalidArgumentError, Option } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import type { Config, RotationSpec } from '../config/config.ts';
import type { Warning } from '../config/findings.ts';
import { loadConfig } from '../config/load.ts';
import { duration, durationText } from '../config/schema/scalars.ts';
import { formatProblem, InvalidInput } from '../errors.ts';
import type { Policy } from '../policy/compile.ts';
import { preflight } from '../service/signing/preflight.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { LOGIN_COLUMNS, loginRows, loginSummary } from './login-summary.ts';
import type { Finding } from './online/finding.ts';
import { onlineReport } from './online/report.ts';
import { roleSigning } from './role-signing.ts';
import { harmless, jsonLine, styled, type Terminal } from './terminal.ts';
import { type Column, table } from './table.ts';

interface CheckOptions {
  readonly config?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly online?: boolean;
  /** Seconds. */
  readonly timeout?: number;
}

/** `nats-sts check`: validates a configuration, and warns about probable mistakes. */
export function checkCommand(
  terminal: Terminal,
  { clock = systemClock }: { clock?: Clock } = {},
): Command {
  return new Command('check')
    .addOption(configOption())
    .option('--online', 'also test issuers, NATS, and the store, without changing anything')
    .addOption(timeoutOption())
    .option('--strict', 'fail on warnings too (but not on notes)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action((options: CheckOptions) => check(options, terminal, clock));
}

/** `nats-sts doctor`: `check --online`. */
export function doctorCommand(
  terminal: Terminal,
  { clock = systemClock }: { clock?: Clock } = {},
): Command {
  return new Command('doctor')
    .addOption(configOption())
    .addOption(timeoutOption())
    .option('--strict', 'fail on warnings too (but not on notes)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action((options: CheckOptions) => check({ ...options, online: true }, terminal, clock));
}

const EXAMPLES = `
Examples:
  nats-sts check --config sts.yaml
  nats-sts check --config sts.yaml --online      before the service starts, or while it runs
  nats-sts check --config sts.yaml --strict      in CI, with nats-sts test`;

const DOCTOR_EXAMPLES = `
Examples:
  nats-sts doctor --config sts.yaml
  nats-sts doctor --config sts.yaml --json | jq '.online.findings[] | select(.level == "problem")'`;

function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'how long to wait for each response')
    .argParser(seconds)
    .default(DEFAULT_SECONDS, '5s');
}

const DEFAULT_SECONDS = 5;

function seconds(text: string): number {
  const read = duration('How long to wait', { min: 1 }).safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError('Write a duration such as 5s or 1m.');
}

/** Throws `CliError` if something is wrong, after reporting it. */
export async function check(
  options: CheckOptions,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  const { strict, online, json = false, timeout = DEFAULT_SECONDS } = options;
  const config = load(terminal, requireConfig(options.config), json);
  preflight(config);
  const { policy } = config;
  if (!json) terminal.out(report(terminal, config, policy));
  const { probe } = online ? await import('./online/probe.ts') : {};
  const findings = await probe?.(config, policy, { timeoutMilliseconds: timeout * 1000, clock });
  if (json) terminal.out(jsonLine(summary(config, policy, findings)));
  else if (findings) terminal.out(`\n${onlineReport(terminal, findings)}`);
  const levels = findings ? findings.map(({ level }) => level) : [];
  if (levels.includes('problem')) throw new CliError(ExitCode.failed, '');
  if (strict && (config.warnings.some(isWarning) || levels.includes('warning'))) {
    throw new CliError(
      ExitCode.failed,
      json ? '' : '--strict: there are warnings; fix them, or run without --strict',
    );
  }
}

/** With --json, problems are part of the document. */
function load(terminal: Terminal, file: string, json: boolean): Config {
  try {
    return loadConfig(file, { env: process.env });
  } catch (error) {
    if (!(json && error instanceof InvalidInput)) throw error;
    terminal.out(jsonLine({ valid: false, problems: error.problems }));
    throw new CliError(ExitCode.configuration, '', { cause: error });
  }
}

function summary(config: Config, policy: Policy, findings: readonly Finding[] | undefined) {
  return {
    valid: true,
    warnings: config.warnings,
    issuers: config.issuers.map(({ name, issuers, kinds }) => ({ name, issuers, kinds })),
    accounts: config.accounts.map(({ name, kind, signingKeys, rotation }) => ({
      name,
      kind,
      signingKeys: signingKeys.length,
      rotation: rotation ?? null,
    })),
    roles: config.roles.map((role) => ({
      name: role.name,
      account: role.account,
      maxTtlSeconds: role.maxTtlSeconds,
      ...roleSigning(config, policy, role.name),
    })),
    bindings: config.bindings.length,
    logins: config.logins.map((login) => loginSummary(login, config.publicUrl)),
    ...(findings && {
      online: { ok: findings.every(({ level }) => level !== 'problem'), findings },
    }),
  };
}

function report(terminal: Terminal, config: Config, policy: Policy): string {
  const warnings = config.warnings.map((warning) => warningText(terminal, warning));
  const serious = config.warnings.filter(isWarning).length;
  const counts = [
    count(config.issuers.length, 'issuer'),
    count(config.roles.length, 'role'),
    count(config.bindings.length, 'binding'),
    ...(config.logins.length > 0 ? [count(config.logins.length, 'login')] : []),
    count(serious, 'warning'),
    count(config.warnings.length - serious, 'note'),
  ];
  return [
    ...warnings,
    warnings.length > 0 ? '\n' : '',
    tableOf(terminal, ACCOUNT_COLUMNS, accountRows(config)),
    tableOf(terminal, ROLE_COLUMNS, roleRows(config, policy)),
    tableOf(terminal, LOGIN_COLUMNS, loginRows(config)),
    `${styled(terminal, 'green', 'valid')}: ${counts.join(', ')}\n`,
  ].join('');
}

const ACCOUNT_COLUMNS = [
  { title: 'ACCOUNT' },
  { title: 'KIND' },
  { title: 'SIGNING KEYS' },
  { title: 'ROTATION' },
];

const ROLE_COLUMNS = [
  { title: 'ROLE' },
  { title: 'ACCOUNT' },
  { title: 'SIGNING' },
  { title: 'WHY', shrinkTo: 20 },
];

function accountRows({ accounts, nats }: Config): string[][] {
  const madeBy = nats.operatorSigningKey === undefined ? 'by nats-sts rotator' : 'here';
  return accounts.map(({ name, kind, signingKeys, rotation }) => {
    const given = kind === 'configured' ? 'callout.issuer' : `${signingKeys.length} given`;
    const keys = kind === 'managed' ? `created ${madeBy}` : given;
    return [name, kind, keys, rotationText(rotation)];
  });
}

function rotationText(rotation: RotationSpec | undefined): string {
  if (!rotation) return 'manual';
  const { everySeconds, graceSeconds, onChange } = rotation;
  const when = everySeconds === undefined ? 'on request' : `every ${durationText(everySeconds)}`;
  return `${when}, grace ${durationText(graceSeconds)}, on change: ${onChange}`;
}

function roleRows(config: Config, policy: Policy): string[][] {
  return config.roles.map(({ name, account }) => {
    const { signing, why } = roleSigning(config, policy, name);
    return [name, account, signing, why];
  });
}

function tableOf(terminal: Terminal, columns: readonly Column[], rows: string[][]): string {
  return rows.length > 0 ? `${table(terminal, columns, rows)}\n` : '';
}

function isWarning({ level }: Warning): boolean {
  return level === 'warning';
}

function warningText(terminal: Terminal, warning: Warning): string {
  const mark = isWarning(warning)
    ? styled(terminal, 'yellow', 'warning')
    : styled(terminal, 'dim', 'note   ');
  return `${mark}  ${harmless(formatProblem(warning))} [${warning.id}]\n`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
