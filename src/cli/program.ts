import { Command, CommanderError } from 'commander';
import { InvalidInput } from '../errors.ts';
import { VERSION } from '../version.ts';
import { commandsFor, commandTerm } from './commands.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { Unreachable } from './service-call.ts';
import { harmless, processTerminal, type Terminal } from './terminal.ts';
import { unnamedHint } from './url-option.ts';

/** The `nats-sts` command. Resolves to its exit code; never throws. */
export async function program(
  argv: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<ExitCode> {
  const root = new Command('nats-sts')
    .description('Exchanges OIDC tokens for short-lived NATS credentials.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
    })
    .showHelpAfterError('(add --help for usage)')
    .addHelpText('after', EPILOGUE);
  let running: Command | undefined;
  root.hook('preAction', (_, command) => {
    running = command;
  });
  try {
    for (const command of await commandsFor(argv.slice(2), terminal)) {
      root.addCommand(inheriting(command, root));
    }
    // Of this command alone: those below it list their own.
    root.configureHelp({ subcommandTerm: commandTerm });
    await root.parseAsync([...argv]);
    return ExitCode.ok;
  } catch (error) {
    return report(error, terminal, running);
  }
}

/** Copies the parent's settings to the command and to all of its subcommands. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) inheriting(below, command);
  return command;
}

function report(error: unknown, terminal: Terminal, running: Command | undefined): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof CliError) {
    if (error.message !== '') terminal.err(`nats-sts: ${harmlessLines(error.message)}\n`);
    const hint = error instanceof Unreachable && running && unnamedHint(error, running);
    if (hint) terminal.err(`${hint}\n`);
    return error.exitCode;
  }
  if (error instanceof InvalidInput) {
    terminal.err(`${harmlessLines(error.message)}\n`);
    return ExitCode.configuration;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(`nats-sts: ${harmlessLines(message)}\n`);
  return ExitCode.failed;
}

/** Messages quote files, and in CI a stranger's change may have written the file. */
function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}

const EPILOGUE = `
Examples:
  nats-sts init --dir ./nats                          set up a first NATS server and nats-sts
  nats-sts adopt --account APP --dir ./sts            let nats-sts manage an account that you have
  nats-sts serve --config nats/sts.yaml
  nats-sts exchange --token-file token --out app.creds
  nats-sts login --url https://sts.example.com        sign in as a person, with a browser
  nats-sts explain --config sts.yaml --token-file token

Name the configuration with --config or the variable STS_CONFIG. nats-sts COMMAND --help shows more.

Exit codes:
  0  success
  1  failure (check --online: problems; --strict: warnings; test: failed cases)
  2  wrong usage
  3  denied
  4  the configuration, or a file of golden cases, is not valid
  5  something required cannot be reached, or is not available now`;
