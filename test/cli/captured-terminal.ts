import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that records what is written to it. */
export interface CapturedTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly colours?: boolean;
  /** The answer to every question; absent: nobody is there to answer. */
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
