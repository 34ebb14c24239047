import type { Command } from 'commander';
import { Option } from 'commander';
import { CliError, ExitCode } from './exit-codes.ts';
import { readInput } from './input.ts';

export interface TokenOptions {
  readonly token?: string;
  readonly tokenFile?: string;
}

/** The ways to pass a token to a command. A file and stdin are safest: `ps` does not show them. */
export function tokenOptions(command: Command, whose = 'the subject token'): Command {
  return command
    .addOption(
      new Option(
        '--token <token>',
        `${whose}; - reads it from stdin (default: the variable STS_TOKEN)`,
      ).conflicts('tokenFile'),
    )
    .option(
      '--token-file <file>',
      'file that contains the token, e.g. a projected service account token',
    );
}

export async function readToken({ token, tokenFile }: TokenOptions): Promise<string> {
  const given = tokenFile !== undefined || token === '-';
  const text = given ? await readInput(tokenFile ?? '-') : (token ?? process.env['STS_TOKEN']);
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') {
    throw new CliError(
      ExitCode.usage,
      given
        ? `no token in ${tokenFile ?? 'stdin'}`
        : 'no token given. Give --token-file FILE or --token - (stdin), or set STS_TOKEN',
    );
  }
  // Anything else would break the HTTP header, and the error would quote it.
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new CliError(
      ExitCode.usage,
      'this is not a token: it contains spaces, line breaks or characters that no token has',
    );
  }
  return trimmed;
}
