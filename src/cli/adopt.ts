import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import type { OperatorKey, SystemUser } from './adopt/credentials.ts';
import { requireKeys, select, type Selection, type SelectionOptions } from './adopt/selection.ts';
import { guide } from './adopt/guide.ts';
import type { NscOperator } from './adopt/nsc-store.ts';
import { planAdoption } from './adopt/plan.ts';
import { check } from './check.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { condition, port, starterIssuer } from './init/options.ts';
import { filesTable, refuseExisting, writePlanned } from './init/write-files.ts';
import { shellWord } from './shell-word.ts';
import { styled, type Terminal } from './terminal.ts';

interface AdoptOptions extends SelectionOptions {
  readonly dir?: string;
  readonly server?: readonly string[];
  readonly print?: true;
  readonly online: boolean;
  readonly issuer?: string;
  readonly preset?: string;
  readonly audience?: string;
  readonly match?: Readonly<Record<string, string>>;
  readonly admin?: Readonly<Record<string, string>>;
  readonly port: number;
}

/** `nats-sts adopt`: an account of an operator that is there already becomes one that nats-sts manages. */
export function adoptCommand(terminal: Terminal, { clock = systemClock }: { clock?: Clock } = {}) {
  return new Command('adopt')
    .description(
      'take over an account of an operator of nsc or nats auth: write what nats-sts needs',
    )
    .option('--dir <directory>', 'where to write it; made when missing')
    .option('--nsc <directory>', 'store of nsc or nats auth; where those keep it unless given')
    .option('--keys <directory>', 'its key store, or a directory of .nk files')
    .option('--operator <name>', 'which operator, where there are several')
    .option('--account <name>', 'which account, where there are several')
    .option('--operator-key <key>', 'which operator signing key (O…); the newest unless given')
    .option('--system-creds <file>', 'creds of a user of the system account; made unless given')
    .option(
      '--server <url>',
      "NATS URL; the operator's service URLs unless given; may be repeated",
      urls,
    )
    .option('--print', 'write nothing: print the commands of nsc and nats auth that do the same')
    .option('--no-online', 'do not ask the servers and the issuer at the end')
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
    .option('--port <port>', 'port of nats-sts', port, 8080)
    .addHelpText('after', EXAMPLES)
    .action((options: AdoptOptions) => adopt(options, terminal, clock));
}

const EXAMPLES = `
Reads the store of nsc, which nats auth uses too, and changes nothing in it.

Examples:
  nats-sts adopt --account APP --dir ./sts
  nats-sts adopt --account APP --print                the commands, to run them yourself
  nats-sts adopt --nsc ~/.local/share/nats/nsc --operator ACME --account APP --dir ./sts \\
    --server tls://nats.example.com:4222 --issuer https://login.example.com --audience nats-sts`;

function urls(url: string, earlier: readonly string[] = []): readonly string[] {
  if (/^(?:nats|tls|wss?):\/\/[^/@]+$/.test(url) && URL.canParse(url)) return [...earlier, url];
  throw new InvalidArgumentError('Write a URL such as nats://127.0.0.1:4222.');
}

async function adopt(options: AdoptOptions, terminal: Terminal, clock: Clock): Promise<void> {
  const selection = select(options);
  if (options.print) {
    terminal.out(guide(selection, settings(options, selection.operator)));
    return;
  }
  if (options.dir === undefined) {
    throw new CliError(ExitCode.usage, 'where to? Give --dir ./sts (or --print to write nothing)');
  }
  const { operator, account } = selection;
  const { key, systemUser } = await requireKeys(options, selection);
  const directory = resolve(options.dir);
  const files = planAdoption({
    ...settings(options, operator),
    operator,
    account,
    operatorKey: key,
    systemUser,
  });
  refuseExisting(directory, files);
  writePlanned(directory, files);
  terminal.out(`${filesTable(terminal, options.dir, files)}\n`);
  terminal.out(remarks(selection, key, systemUser));
  if (options.issuer === undefined && options.preset === undefined) terminal.out(NO_ISSUER);
  const config = join(options.dir, 'sts.yaml');
  if (options.online) await checkOnline(join(directory, 'sts.yaml'), terminal, clock);
  terminal.out(`\n${styled(terminal, 'bold', 'Next:')}\n`);
  if (!options.online) terminal.out(`  nats-sts check --online --config ${shellWord(config)}\n`);
  terminal.out(`  nats-sts serve --config ${shellWord(config)}\n`);
}

const NO_ISSUER =
  'No issuer was named (--issuer or --preset): the configuration has GitHub Actions as an example. Put yours under issuers.\n';

const DEFAULT_SERVERS = ['nats://127.0.0.1:4222'];

function settings(options: AdoptOptions, { operator }: NscOperator) {
  const servers =
    options.server ?? (operator.serviceUrls.length > 0 ? operator.serviceUrls : DEFAULT_SERVERS);
  return {
    port: options.port,
    servers,
    issuer: starterIssuer(options, `http://127.0.0.1:${options.port}`),
    match: options.match ?? {},
    admin: options.admin ?? {},
  };
}

function remarks({ account, operator }: Selection, key: OperatorKey, { made }: SystemUser): string {
  const lines = [
    `Account ${account.name} (${account.claims.sub}) of operator ${operator.name}; nothing was changed in the store.`,
    `Account JWTs are signed with ${key.publicKey}, which the operator lists.`,
    ...(made === undefined
      ? []
      : [
          `The user ${made} of the system account is new, and not in the store: note its key, to revoke it one day.`,
        ]),
    'From now on pull before you push (nsc pull --all): an older copy drops the keys of nats-sts until they are put back.',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

async function checkOnline(file: string, terminal: Terminal, clock: Clock): Promise<void> {
  terminal.out('\n');
  try {
    await check({ config: file, online: true }, terminal, clock);
  } catch (fault) {
    if (!(fault instanceof CliError)) throw fault;
    throw new CliError(
      fault.exitCode,
      `the files are written; when the problems are solved: nats-sts check --online --config ${shellWord(file)}`,
      { cause: fault },
    );
  }
}
