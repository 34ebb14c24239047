import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type Clock, systemClock, unixSeconds } from '../clock.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { existing, writeAll } from './init/files.ts';
import { type PlannedFile, planFiles } from './init/plan.ts';
import { starterIssuer } from './init/starter-issuer.ts';
import { SYSTEM_ACCOUNT } from './init/trust.ts';
import { table } from './table.ts';
import { styled, type Terminal } from './terminal.ts';
import { DEFAULT_URL } from './url-option.ts';

interface InitOptions {
  readonly dir: string;
  readonly operator: string;
  readonly account: string;
  readonly issuer?: string;
  readonly preset?: string;
  readonly audience?: string;
  readonly match?: Readonly<Record<string, string>>;
  readonly admin?: Readonly<Record<string, string>>;
  readonly external?: true;
  readonly natsPort: number;
  readonly port: number;
  readonly force?: true;
}

/** `nats-sts init`: everything for a first NATS server in operator mode, and a nats-sts in front of it. */
export function initCommand(terminal: Terminal, { clock = systemClock }: { clock?: Clock } = {}) {
  return new Command('init')
    .description('write all that a first NATS server and nats-sts need: keys, JWTs, configuration')
    .requiredOption('--dir <directory>', 'where to write it; made when missing')
    .option('--operator <name>', 'name of the operator', operatorName, 'local')
    .option('--account <name>', 'name of the account that credentials are for', accountName, 'APP')
    .option('--issuer <url>', 'OIDC issuer, exactly as its tokens have it in iss')
    .option('--preset <preset>', 'kind of issuer, e.g. github-actions')
    .option('--audience <audience>', 'whom its tokens are for, e.g. the URL of nats-sts')
    .option(
      '--match <claim=value>',
      'claim that a token must have to get the starter role; may be repeated',
      condition,
    )
    .option(
      '--admin <claim=value>',
      'claim that a token must have to rotate keys and revoke; may be repeated',
      condition,
    )
    .option(
      '--external',
      'make one signing key that you replace yourself, instead of a managed account',
    )
    .option('--nats-port <port>', 'port of the NATS server', port, 4222)
    .option('--port <port>', 'port of nats-sts', port, 8080)
    .option('--force', 'replace files that are there; credentials made with the old keys die')
    .addHelpText('after', EXAMPLES)
    .action((options: InitOptions) => init(options, terminal, clock));
}

const EXAMPLES = `
Examples:
  nats-sts init --dir ./nats
  nats-sts init --dir ./nats --external               with a signing key of your own keeping
  nats-sts init --dir ./nats --preset github-actions --audience https://sts.example.com \\
    --match repository_owner_id=123456
  nats-sts init --dir ./nats --issuer https://login.example.com --audience nats-sts --match sub=me`;

function init(options: InitOptions, terminal: Terminal, clock: Clock): void {
  const directory = resolve(options.dir);
  const files = planFiles({
    ...options,
    directory,
    match: options.match ?? {},
    admin: options.admin ?? {},
    external: options.external ?? false,
    issuer: starterIssuer(options, `http://127.0.0.1:${options.port}`),
    now: unixSeconds(clock),
  });
  const there = existing(directory, files);
  if (there.length > 0 && !options.force) {
    throw new CliError(
      ExitCode.failed,
      `${directory} already has ${listed(there)}; nothing was written. ` +
        'Choose another --dir, or replace them with --force',
    );
  }
  write(directory, files);
  report(options, files, terminal);
}

function listed(paths: readonly string[]): string {
  const more = paths.length - 3;
  return paths.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function write(directory: string, files: readonly PlannedFile[]): void {
  try {
    writeAll(directory, files);
  } catch (cause) {
    throw new CliError(ExitCode.failed, `nothing was written to ${directory}: ${why(cause)}`, {
      cause,
    });
  }
}

/** Node's file error codes, in words. */
const WHY: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write',
  EPERM: 'no permission to write',
  EROFS: 'a read-only file system:',
  ENOTDIR: 'something that is not a directory is in the way of',
  EEXIST: 'something that is not a directory is in the way of',
  ENOSPC: 'the disk is full:',
};

function why(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code = '', message, path }: NodeJS.ErrnoException = cause;
  const words = WHY[code];
  return words === undefined ? message : `${words} ${path}`;
}

function report(options: InitOptions, files: readonly PlannedFile[], terminal: Terminal): void {
  const shown = (path: string): string => join(options.dir, path);
  const rows = files.map(({ path, about, secret }) => [
    shown(path),
    secret ? ({ text: 'secret', style: 'yellow' } as const) : '',
    about,
  ]);
  const columns = ['FILE', '', 'WHAT IT IS'].map((title) => ({ title }));
  terminal.out(`${table(terminal, columns, rows)}\n`);
  if (options.match === undefined) terminal.out(NO_BINDING);
  terminal.out(`${styled(terminal, 'bold', 'Next:')}\n`);
  for (const command of nextCommands(options, shown)) terminal.out(`  ${command}\n`);
}

const NO_BINDING =
  'Nobody gets a credential yet: write a binding at the end of sts.yaml (an example stands there).\n\n';

function nextCommands({ port, natsPort }: InitOptions, shown: (path: string) => string): string[] {
  const url = `http://127.0.0.1:${port}`;
  const at = url === DEFAULT_URL ? '' : `--url ${url} `;
  return [
    `nats-server -c ${shellWord(shown('nats-server.conf'))}`,
    `nats-sts serve --config ${shellWord(shown('sts.yaml'))}`,
    `nats-sts exchange ${at}--token-file token --out app.creds`,
    `nats --server nats://127.0.0.1:${natsPort} --creds app.creds pub app.hello world`,
  ];
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function operatorName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('Use letters, digits, blanks and . _ - (64 at most).');
}

/** Also a key in the configuration, and, in lower case, the name of its key files. */
function accountName(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('Use letters, digits, - and _ (64 at most).');
  }
  if ([SYSTEM_ACCOUNT, 'OPERATOR'].includes(text.toUpperCase().replace(/-SIGNING$/, ''))) {
    throw new InvalidArgumentError('That name is taken: it is made besides your account.');
  }
  return text;
}

function condition(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, claim, value] = /^([^=]+)=(.+)$/su.exec(text) ?? [];
  if (claim === undefined || value === undefined) {
    throw new InvalidArgumentError('Write claim=value, e.g. sub=me.');
  }
  return { ...earlier, [claim]: value };
}

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('Write a port, 1 to 65535.');
  return number;
}
