import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ExitCode } from '../../src/cli/exit-codes.ts';
import { program } from '../../src/cli/program.ts';
import { capturedTerminal, type TerminalOptions } from './captured-terminal.ts';

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `nats-sts` in this process. */
export function natsSts(...args: readonly string[]): Promise<Ran & { exitCode: ExitCode }> {
  return natsStsAt({}, ...args);
}

/** The same, at a given terminal. */
export async function natsStsAt(
  terminalOptions: TerminalOptions,
  ...args: readonly string[]
): Promise<Ran & { exitCode: ExitCode }> {
  const terminal = capturedTerminal(terminalOptions);
  const exitCode = await program(['node', 'nats-sts', ...args], terminal);
  return { exitCode, ...terminal.written };
}

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs `nats-sts` in its own process, with this text on stdin. */
export async function natsStsWithStdin(stdin: string, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe' });
  child.stdin.end(stdin);
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  const [exitCode, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { exitCode, out, err };
}
