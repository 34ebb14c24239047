import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CliError, ExitCode } from './exit-codes.ts';

export interface TokenOptions {
  readonly token?: string;
  readonly tokenFile?: string;
}

/** The ways to hand a token to a command; the safest ones (a file, stdin) do not show in `ps`. */
export function tokenOptions(command: Command): Command {
  return command
    .option('--token <token>', 'the subject token; - reads it from stdin (else STS_TOKEN)')
    .option(
      '--token-file <file>',
      'a file that holds it, such as a projected service account token',
    );
}

export function readToken({ token, tokenFile }: TokenOptions): string {
  if (token !== undefined && tokenFile !== undefined) {
    throw new CliError(ExitCode.usage, 'give either --token or --token-file');
  }
  const text =
    tokenFile !== undefined
      ? readText(tokenFile)
      : token === '-'
        ? readFileSync(0, 'utf8')
        : (token ?? process.env['STS_TOKEN']);
  const trimmed = text?.trim();
  if (trimmed) return trimmed;
  throw new CliError(
    ExitCode.usage,
    'which token? Give --token-file FILE, --token - (stdin), or set STS_TOKEN',
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError(ExitCode.usage, `cannot read ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
