import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { ExitCode } from './exit-codes.ts';

/** Where a command writes. It is a parameter, so that tests can read the output. */
export interface Terminal {
  /** The result of the command. */
  out(text: string): void;
  /** Everything else: warnings, errors, hints. */
  err(text: string): void;
  /** Width of the window that shows `out`; undefined for a file or a pipe. */
  readonly columns: number | undefined;
  /** Whether `out` may contain escape sequences for colors. */
  readonly colours: boolean;
  /**
   * Asks the person at the terminal and returns their line; '' if they wrote nothing or left. Absent
   * if there is nobody to ask.
   */
  readonly ask?: (question: string) => Promise<string>;
}

/** The terminal that this process was started from. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    out(text) {
      if (stdout.listenerCount('error') === 0) stdout.on('error', stopOnClosedPipe);
      stdout.write(text);
    },
    err: (text) => void stderr.write(text),
    get columns() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
    colours: wantsColours(process.env, stdout.isTTY),
    ...(stdin.isTTY && { ask }),
  };
}

/** Asks on stderr, so that the question does not become part of the result. */
function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // Control-C and control-D end the interface without an answer.
    lines.once('close', () => resolve(''));
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}

/** `nats-sts audit | head`: the reader has seen enough. That is not an error. */
function stopOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(ExitCode.ok);
  throw error;
}

/** FORCE_COLOR first, as Node itself has it; then no-color.org; then whether anyone is looking. */
export function wantsColours(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['NO_COLOR']) return false;
  return isTerminal && env['TERM'] !== 'dumb';
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** The text in this style if the terminal shows colors, otherwise unchanged. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  return terminal.colours ? styleText(style, text, { validateStream: false }) : text;
}

/**
 * Characters that make a terminal act instead of showing text: C0 and C1 controls (escape sequences
 * begin with one), line separators, and marks that change the direction of text (UAX #9), which can
 * make one name look like another.
 */
// oxlint-disable-next-line no-control-regex -- it matches control characters on purpose
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Untrusted text on one line, made harmless: active characters show as `\u001b`. */
export function harmless(text: string): string {
  return text.toWellFormed().replace(ACTIVE, escaped);
}

/** One JSON value on one line, with active characters escaped: the same value, safe to print. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(ACTIVE, escaped)}\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
