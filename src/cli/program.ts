import { Command, CommanderError } from 'commander';
import { InvalidInput } from '../errors.ts';
import { VERSION } from '../version.ts';
import { auditCommand } from './audit.ts';
import { checkCommand } from './check.ts';
import { exchangeCommand } from './exchange.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { explainCommand } from './explain.ts';
import { healthCommand } from './health.ts';
import { initCommand } from './init.ts';
import { serveCommand } from './serve.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { testCommand } from './test.ts';

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
    .addHelpText('after', EXIT_CODES);
  for (const command of [
    serveCommand(),
    initCommand(terminal),
    checkCommand(terminal),
    explainCommand(terminal),
    testCommand(terminal),
    auditCommand(terminal),
    exchangeCommand(terminal),
    healthCommand(terminal),
  ]) {
    root.addCommand(command.copyInheritedSettings(root));
  }
  try {
    await root.parseAsync([...argv]);
    return ExitCode.ok;
  } catch (error) {
    return report(error, terminal);
  }
}

function report(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof CliError) {
    if (error.message !== '') terminal.err(`nats-sts: ${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof InvalidInput) {
    terminal.err(`${error.message}\n`);
    return ExitCode.configuration;
  }
  terminal.err(`nats-sts: ${error instanceof Error ? error.message : String(error)}\n`);
  return ExitCode.failed;
}

const EXIT_CODES = `
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 denied · 4 configuration not valid · 5 not reachable`;
