import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that keeps what is written to it. */
export interface CapturedTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

export function capturedTerminal({
  columns,
  colours = false,
}: {
  columns?: number;
  colours?: boolean;
} = {}): CapturedTerminal {
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
  };
}
