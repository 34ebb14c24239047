import { CliError, ExitCode } from './exit-codes.ts';
import { harmless, type Terminal } from './terminal.ts';

export interface Confirmation {
  /** `--yes` was given: nobody is asked. */
  readonly yes: boolean | undefined;
  /** What will happen, line by line, in full: the last that a person reads before it does. */
  readonly what: readonly string[];
  readonly question: string;
}

/** Comes back when it was agreed to; throws CliError otherwise, and then nothing may have been done. */
export async function confirm(
  terminal: Terminal,
  { yes, what, question }: Confirmation,
): Promise<void> {
  if (yes) return;
  terminal.err(what.map((line) => `${harmless(line)}\n`).join(''));
  if (terminal.ask === undefined) {
    const why = 'stdin is no terminal, so nobody can be asked';
    throw new CliError(ExitCode.usage, `${why}: nothing was done. Give --yes to go ahead.`);
  }
  const answer = await terminal.ask(`${harmless(question)} [y/N] `);
  if (!/^\s*y(es)?\s*$/i.test(answer)) {
    throw new CliError(ExitCode.failed, 'not confirmed: nothing was done');
  }
}
