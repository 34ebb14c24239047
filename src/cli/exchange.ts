import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { formatCreds } from '../nats/creds.ts';
import { createKeyPair } from '../nats/key-pair.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { type ExchangeAnswer, postExchange } from './exchange-call.ts';
import { jsonLine, type Terminal } from './terminal.ts';
import { relativeTime } from './time.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';

interface ExchangeOptions extends TokenOptions {
  readonly url: string;
  readonly role?: string;
  readonly ttl?: number;
  readonly out: string;
  readonly json?: boolean;
}

/** `nats-sts exchange`: the user's key pair is made here, so the seed never crosses the network. */
export function exchangeCommand(terminal: Terminal): Command {
  const command = new Command('exchange')
    .description('exchange a token for a .creds file')
    .addOption(
      new Option('--url <url>', 'where the service is')
        .env('STS_URL')
        .default('http://127.0.0.1:8080'),
    )
    .option('--role <role>', 'the role to take')
    .option('--ttl <seconds>', 'wanted lifetime in seconds', wholeSeconds)
    .option(
      '-o, --out <file>',
      'where the .creds file goes (mode 0600); - for stdout',
      'nats.creds',
    )
    .option('--json', 'tell about the credential as JSON')
    .action(async (options: ExchangeOptions) => {
      const pair = createKeyPair('user');
      const answer = await postExchange(options.url, readToken(options), {
        nkey: pair.publicKey,
        ...(options.role !== undefined && { role: options.role }),
        ...(options.ttl !== undefined && { ttl: options.ttl }),
      });
      const creds = formatCreds({ jwt: answer.jwt, seed: pair.seed() });
      pair.wipe();
      if (options.out === '-') terminal.out(creds);
      else writePrivately(options.out, creds);
      tell(terminal, options, answer);
    });
  return tokenOptions(command);
}

function tell(terminal: Terminal, { out, json }: ExchangeOptions, answer: ExchangeAnswer): void {
  const { jwt: _secret, ...public_ } = answer;
  // With the credential itself on stdout, what is told about it goes to stderr.
  const write = out === '-' ? terminal.err : terminal.out;
  write(
    json
      ? jsonLine({ ...public_, ...(out !== '-' && { file: out }) })
      : `${out === '-' ? 'credential' : out}: role ${answer.role}, ends ${relativeTime(answer.expires_at * 1000, Date.now())}\n`,
  );
}

/** In place at once and never readable by others, also when the file was there before. */
function writePrivately(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    chmodSync(temporary, 0o600);
    renameSync(temporary, file);
  } catch (cause) {
    throw new CliError(ExitCode.failed, `cannot write ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function wholeSeconds(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new CliError(ExitCode.usage, '--ttl must be a whole number of seconds');
}
