import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that keeps what is written to it. */
export interface CapturedTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly colours?: boolean;
  /** What the person at it answers to every question; absent: there is nobody. */
  readonly answer?: string;
}

export function capturedTerminal({
  columns,
  colours = false,
  answer,
}: TerminalOptions = {}): CapturedTerminal {
  const written = { out: '', err: '' };
  return {
    written,
    columns,
    colours,
    out(text) {
      written.out += text;
    },
    err(text) {
      written.err += text;
    },
    ...(answer !== undefined && {
      ask(question: string) {
        written.err += question;
        return Promise.resolve(answer);
      },
    }),
  };
}
