import { CliError, ExitCode } from './exit-codes.ts';
import { harmless, type Terminal } from './terminal.ts';

export interface Confirmation {
  /** `--yes` was given: do not ask. */
  readonly yes: boolean | undefined;
  /** What will happen, line by line and complete: the last thing a person reads before it does. */
  readonly what: readonly string[];
  readonly question: string;
}

/** Returns if the person agrees; throws CliError otherwise. Call it before anything is changed. */
export async function confirm(
  terminal: Terminal,
  { yes, what, question }: Confirmation,
): Promise<void> {
  if (yes) return;
  terminal.err(what.map((line) => `${harmless(line)}\n`).join(''));
  if (terminal.ask === undefined) {
    throw new CliError(
      ExitCode.usage,
      'cannot ask for confirmation, because stdin is not a terminal: nothing was changed. Use --yes to go ahead.',
    );
  }
  const answer = await terminal.ask(`${harmless(question)} [y/N] `);
  if (!/^\s*y(es)?\s*$/i.test(answer)) {
    throw new CliError(ExitCode.failed, 'not confirmed: nothing was changed');
  }
}
