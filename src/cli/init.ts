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

/** `nats-sts init`: everything for a first NATS server in operator mode, and a nats-sts in front of it. */
export function initCommand(terminal: Terminal) {
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
    .option('--no-jetstream', 'make a NATS server and an account without JetStream')
    .option('--nats-port <port>', 'port of the NATS server', port, 4222)
    .option('--port <port>', 'port of nats-sts', port, 8080)
    .option('--force', 'replace files that are there; credentials made with the old keys die')
    .addHelpText('after', EXAMPLES)
    .action((options: InitOptions) => init(options, terminal));
}

const EXAMPLES = `
Examples:
  nats-sts init --dir ./nats
  nats-sts init --dir ./nats --external               with a signing key of your own keeping
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
