import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { planFiles } from './init/plan.ts';
import type { PlannedFile } from './init/planned-file.ts';
import { condition, port, starterIssuer } from './init/options.ts';
import { SYSTEM_ACCOUNT } from './init/trust.ts';
import { filesTable, refuseExisting, writePlanned } from './init/write-files.ts';
import { shellWord } from './shell-word.ts';
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
  /** Commander's `--no-jetstream` makes it false. */
  readonly jetstream: boolean;
  readonly natsPort: number;
  readonly port: number;
  readonly force?: true;
}

/** `nats-sts init`: writes what a first NATS server in operator mode and nats-sts need. */
export function initCommand(terminal: Terminal) {
  return new Command('init')
    .requiredOption('--dir <directory>', 'directory to write to; created if missing')
    .option('--operator <name>', 'name of the operator', operatorName, 'local')
    .option(
      '--account <name>',
      'name of the account that credentials belong to',
      accountName,
      'APP',
    )
    .option(
      '--issuer <url>',
      'OIDC issuer, exactly as in the iss claim of its tokens (default: GitHub Actions)',
    )
    .option('--preset <preset>', 'kind of issuer, e.g. github-actions')
    .option('--audience <audience>', 'aud claim of its tokens, e.g. the URL of nats-sts')
    .option(
      '--match <claim=value>',
      'claim that a token needs for the starter role; repeatable',
      condition,
    )
    .option(
      '--admin <claim=value>',
      'claim that a token needs to rotate keys and revoke; repeatable',
      condition,
    )
    .option(
      '--external',
      'create one signing key that you rotate yourself, instead of a managed account',
    )
    .option('--no-jetstream', 'set up the NATS server and the account without JetStream')
    .option('--nats-port <port>', 'port of the NATS server', port, 4222)
    .option('--port <port>', 'port of nats-sts', port, 8080)
    .option('--force', 'overwrite existing files; credentials signed by the old keys stop working')
    .addHelpText('after', EXAMPLES)
    .action((options: InitOptions) => init(options, terminal));
}

const EXAMPLES = `
Examples:
  nats-sts init --dir ./nats
  nats-sts init --dir ./nats --external               with a signing key that you rotate yourself
  nats-sts init --dir ./nats --preset github-actions --audience https://sts.example.com \\
    --match repository_owner_id=123456
  nats-sts init --dir ./nats --issuer https://login.example.com --audience nats-sts --match sub=me`;

async function init(options: InitOptions, terminal: Terminal): Promise<void> {
  const directory = resolve(options.dir);
  const files = await planFiles({
    ...options,
    directory,
    match: options.match ?? {},
    admin: options.admin ?? {},
    external: options.external ?? false,
    issuer: starterIssuer(options, `http://127.0.0.1:${options.port}`),
  });
  if (!options.force) refuseExisting(directory, files, ', or replace them with --force');
  writePlanned(directory, files);
  report(options, files, terminal);
}

function report(options: InitOptions, files: readonly PlannedFile[], terminal: Terminal): void {
  const shown = (path: string): string => join(options.dir, path);
  terminal.out(`${filesTable(terminal, options.dir, files)}\n`);
  if (options.match === undefined) terminal.out(NO_BINDING);
  terminal.out(`${styled(terminal, 'bold', 'Next:')}\n`);
  for (const command of nextCommands(options, shown)) terminal.out(`  ${command}\n`);
}

const NO_BINDING =
  'Nobody gets a credential yet: write a binding in sts.yaml, which has an example.\n\n';

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

function operatorName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('Use letters, digits, spaces and . _ - (at most 64).');
}

/** Becomes a key in the configuration and, in lower case, the name of the account's key files. */
function accountName(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('Use letters, digits, - and _ (at most 64).');
  }
  if ([SYSTEM_ACCOUNT, 'OPERATOR'].includes(text.toUpperCase().replace(/-SIGNING$/, ''))) {
    throw new InvalidArgumentError('init uses that name itself. Choose another.');
  }
  return text;
}
