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

/** `nats-sts adopt`: nats-sts starts to manage an account of an existing operator. */
export function adoptCommand(terminal: Terminal, { clock = systemClock }: { clock?: Clock } = {}) {
  return new Command('adopt')
    .option('--dir <directory>', 'directory to write to; created if missing')
    .option('--nsc <directory>', 'store of nsc or nats auth; default: where they keep it')
    .option('--keys <directory>', 'key store, or a directory of .nk files')
    .option('--operator <name>', 'operator to use if there are several')
    .option('--account <name>', 'account to use if there are several')
    .option('--operator-key <key>', 'operator signing key to use (O…); default: the newest')
    .option('--system-creds <file>', 'creds of a system account user; default: create one')
    .option('--server <url>', "NATS URL; repeatable; default: the operator's service URLs", urls)
    .option('--print', 'write nothing; print the nsc and nats auth commands that do the same')
    .option('--no-online', 'skip the final check against the servers and the issuer')
    .option('--issuer <url>', 'OIDC issuer, exactly as in the iss claim of its tokens')
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
    .option('--port <port>', 'port of nats-sts', port, 8080)
    .addHelpText('after', EXAMPLES)
    .action((options: AdoptOptions) => adopt(options, terminal, clock));
}

const EXAMPLES = `
Reads the store that nsc and nats auth share. Never changes it.

Examples:
  nats-sts adopt --account APP --dir ./sts
  nats-sts adopt --account APP --print                commands to run yourself
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
    throw new CliError(
      ExitCode.usage,
      '--dir is missing: write --dir ./sts, or --print to write nothing',
    );
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
  'sts.yaml has GitHub Actions as an example issuer: put yours under issuers, or run this again with --issuer or --preset.\n';

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
    `Account ${account.name} (${account.claims.sub}) of operator ${operator.name}. The store is unchanged.`,
    `nats-sts signs account JWTs with the operator signing key ${key.publicKey}.`,
    ...(made === undefined
      ? []
      : [
          `${made} is a new system account user that is not in the store. Note this key: you need it to revoke the user.`,
        ]),
    'From now on, pull before you push (nsc pull --all): an older copy removes the keys of nats-sts until nats-sts adds them again.',
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
      `the files are written; fix the problems above, then run nats-sts check --online --config ${shellWord(file)}`,
      { cause: fault },
    );
  }
}
