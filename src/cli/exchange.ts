import { statSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationText } from '../config/schema/scalars.ts';
import { formatCreds } from '../nats/creds.ts';
import { createKeyPair } from '../nats/key-pair.ts';
import {
  type ExchangeAnswer,
  exchangeUntilCurrent,
  postExchange,
  tellIfOutdated,
} from './exchange-call.ts';
import { destination, writePrivately } from './private-file.ts';
import { harmless, jsonLine, type Terminal } from './terminal.ts';
import { localTime } from './time.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';
import { lifetime, tellIfShorter, ttlOption } from './ttl-option.ts';
import { urlOption, warnIfUnencrypted } from './url-option.ts';

interface ExchangeOptions extends TokenOptions {
  readonly url: URL;
  readonly role?: string;
  readonly ttl?: number;
  readonly out: string;
  readonly mode: number;
  readonly json?: boolean;
  readonly wait?: number;
}

/** `nats-sts exchange`: the user's key pair is made here, so the seed never crosses the network. */
export function exchangeCommand(terminal: Terminal): Command {
  const command = new Command('exchange')
    .addOption(urlOption())
    .option('--role <role>', 'the role to request (default: the first role that the policy allows)')
    .addOption(ttlOption())
    .option('-o, --out <file>', 'write the .creds file here; - for stdout', 'nats.creds')
    .addOption(
      new Option('--mode <mode>', 'file mode, e.g. 0640 to let its group read it')
        .argParser(fileMode)
        .default(0o600, '0600'),
    )
    .addOption(
      new Option('--wait [time]', "wait for the role's current permissions, at most this long")
        .argParser(lifetime)
        .preset('2m'),
    )
    .option('--json', 'describe the credential as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: ExchangeOptions) => run(terminal, options));
  return tokenOptions(command);
}

const EXAMPLES = `
The command creates the seed locally and sends only the public key.

A regular file is replaced atomically, and symbolic links to it are kept. A file that cannot be
replaced, such as a bind mount, is rewritten in place.

Examples:
  nats-sts exchange --token-file /var/run/secrets/nats/token --out app.creds
  nats-sts exchange --url https://sts.example.com --role orders-publisher --ttl 5m
  nats-sts exchange --token-file token --role orders-publisher --wait     after a change of the role
  nats-sts exchange --token-file token --out /run/app/app.creds --mode 0640
  print-token | nats-sts exchange --token - --out - > app.creds`;

async function run(terminal: Terminal, options: ExchangeOptions): Promise<void> {
  const { role, ttl, out, mode, json, wait } = options;
  const url = new URL('exchange', options.url);
  let token = await readToken(options);
  warnIfUnencrypted(terminal, url);
  const pair = createKeyPair('user');
  const ask = {
    nkey: pair.publicKey,
    ...(role !== undefined && { role }),
    ...(ttl !== undefined && { ttl }),
  };
  let again = false;
  const exchange = async () => {
    // A projected token may have been renewed since. A pipe cannot be read twice.
    if (again && isFile(options.tokenFile)) token = await readToken(options);
    return postExchange(url, token, ask, { again }).finally(() => (again = true));
  };
  const answer = await (wait === undefined
    ? exchange()
    : exchangeUntilCurrent(exchange, { timeoutSeconds: wait }));
  const creds = formatCreds({ jwt: answer.jwt, seed: pair.seed() });
  pair.wipe();
  const file = isStdout(out) ? undefined : out;
  if (file === undefined) terminal.out(creds);
  else writePrivately(file, creds, mode);
  report(terminal, { file, json, service: options.url }, answer);
  tellIfShorter(terminal, ttl, answer);
  tellIfOutdated(
    terminal,
    answer,
    'exchange again for the new permissions (--wait waits for them)',
  );
}

function isFile(path: string | undefined): boolean {
  return path !== undefined && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Including its other names, `/dev/stdout` and `/dev/fd/1`. */
function isStdout(out: string): boolean {
  if (out === '-') return true;
  try {
    return destination(out) === 1;
  } catch {
    // The write below reports what is wrong.
    return false;
  }
}

/** Octal, as for `chmod`. A credential is a secret: its owner can write it, and others outside the group cannot read it. */
function fileMode(text: string): number {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined;
  if (mode !== undefined && (mode & 0o117) === 0 && (mode & 0o600) === 0o600) return mode;
  throw new InvalidArgumentError(
    'Write 0600 (owner only), 0640 (its group can read it) or 0660 (its group can change it).',
  );
}

interface Reported {
  /** Undefined: the credential goes to stdout, and the report to stderr. */
  readonly file: string | undefined;
  readonly json: boolean | undefined;
  readonly service: URL;
}

function report(
  terminal: Terminal,
  { file, json, service }: Reported,
  answer: ExchangeAnswer,
): void {
  const { jwt: _secret, ...public_ } = answer;
  const write = (text: string) => (file === undefined ? terminal.err(text) : terminal.out(text));
  if (json) return write(jsonLine({ ...public_, ...(file !== undefined && { file }) }));
  const what = [
    `role ${answer.role}`,
    `valid for ${durationText(answer.expires_in)} (until ${localTime(answer.expires_at * 1000)})`,
    `servers ${answer.servers.join(', ')}`,
    `from ${service.href}`,
    ...(answer.inbox_prefix === undefined ? [] : [`inbox prefix ${answer.inbox_prefix}`]),
  ];
  write(`${file ?? 'credential'}: ${harmless(what.join(', '))}\n`);
}
