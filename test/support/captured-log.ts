import { pino } from 'pino';
import type { Log } from '../../src/log.ts';

/** A log that tests can read. */
export interface CapturedLog {
  readonly log: Log;
  /** What was logged, line by line, as JSON. */
  readonly lines: readonly string[];
  /** Everything, as one text. */
  text(): string;
}

/** At debug level, so that nothing is hidden. */
export function captureLog(): CapturedLog {
  const lines: string[] = [];
  const log = pino(
    { level: 'debug', base: {} },
    { write: (line: string) => void lines.push(line) },
  );
  return { log, lines, text: () => lines.join('') };
}
