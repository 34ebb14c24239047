import { Command } from 'commander';
import { durationText } from '../config/schema/scalars.ts';
import { formatCreds } from '../nats/creds.ts';
import { createKeyPair } from '../nats/key-pair.ts';
import { type ExchangeAnswer, postExchange } from './exchange-call.ts';
import { writePrivately } from './private-file.ts';
import { harmless, jsonLine, type Terminal } from './terminal.ts';
import { localTime } from './time.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';
import { ttlOption } from './ttl-option.ts';
import { urlOption, warnIfUnencrypted } from './url-option.ts';

interface ExchangeOptions extends TokenOptions {
  readonly url: URL;
  readonly role?: string;
  readonly ttl?: number;
  readonly out: string;
  readonly json?: boolean;
}

/** `nats-sts exchange`: the user's key pair is made here, so the seed never crosses the network. */
export function exchangeCommand(terminal: Terminal): Command {
  const command = new Command('exchange')
    .description('exchange a token for a .creds file')
    .addOption(urlOption())
    .option('--role <role>', 'the role to take (default: the first that the policy gives)')
    .addOption(ttlOption())
    .option(
      '-o, --out <file>',
      'where the .creds file goes (mode 0600); - for stdout',
      'nats.creds',
    )
    .option('--json', 'tell about the credential as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: ExchangeOptions) => run(terminal, options));
  return tokenOptions(command);
}

const EXAMPLES = `
The seed is made here and never sent anywhere; only the public key is.

Examples:
  nats-sts exchange --token-file /var/run/secrets/nats/token --out app.creds
  nats-sts exchange --url https://sts.example.com --role orders-publisher --ttl 5m
  print-token | nats-sts exchange --token - --out - > app.creds`;

async function run(terminal: Terminal, options: ExchangeOptions): Promise<void> {
  const { role, ttl, out } = options;
  const url = new URL('exchange', options.url);
  const token = await readToken(options);
  warnIfUnencrypted(terminal, url);
  const pair = createKeyPair('user');
  const answer = await postExchange(url, token, {
    nkey: pair.publicKey,
    ...(role !== undefined && { role }),
    ...(ttl !== undefined && { ttl }),
  });
  const creds = formatCreds({ jwt: answer.jwt, seed: pair.seed() });
  pair.wipe();
  if (out === '-') terminal.out(creds);
  else writePrivately(out, creds);
  tell(terminal, options, answer);
}

function tell(terminal: Terminal, { out, json }: ExchangeOptions, answer: ExchangeAnswer): void {
  const { jwt: _secret, ...public_ } = answer;
  // With the credential itself on stdout, what is told about it goes to stderr.
  const write = (text: string) => (out === '-' ? terminal.err(text) : terminal.out(text));
  if (json) return write(jsonLine({ ...public_, ...(out !== '-' && { file: out }) }));
  const what = [
    `role ${answer.role}`,
    `valid for ${durationText(answer.expires_in)} (until ${localTime(answer.expires_at * 1000)})`,
    `servers ${answer.servers.join(', ')}`,
  ];
  write(`${out === '-' ? 'credential' : out}: ${harmless(what.join(', '))}\n`);
}
