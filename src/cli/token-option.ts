import type { Command } from 'commander';
import { Option } from 'commander';
import { CliError, ExitCode } from './exit-codes.ts';
import { readInput } from './input.ts';

export interface TokenOptions {
  readonly token?: string;
  readonly tokenFile?: string;
}

/** The ways to hand a token to a command; the safest ones (a file, stdin) do not show in `ps`. */
export function tokenOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--token <token>',
        'the subject token; - reads it from stdin (default: the variable STS_TOKEN)',
      ).conflicts('tokenFile'),
    )
    .option('--token-file <file>', 'a file with the token, e.g. a projected service account token');
}

export async function readToken({ token, tokenFile }: TokenOptions): Promise<string> {
  const given = tokenFile !== undefined || token === '-';
  const text = given ? await readInput(tokenFile ?? '-') : (token ?? process.env['STS_TOKEN']);
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') {
    throw new CliError(
      ExitCode.usage,
      given
        ? `there is no token in ${tokenFile ?? 'stdin'}`
        : 'which token? Give --token-file FILE, --token - (stdin), or set STS_TOKEN',
    );
  }
  // Anything else would break the HTTP header that carries it, and be quoted in the error.
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new CliError(
      ExitCode.usage,
      'that is not one token: it holds blanks, line breaks or characters that no token has',
    );
  }
  return trimmed;
}
