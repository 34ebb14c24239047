import { createLog, type Log } from '../../src/log.ts';

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
  const write = (line: unknown): boolean => lines.push(String(line)) > 0;
  const log = createLog({ isTTY: false, write }, 'debug');
  return { log, lines, text: () => lines.join('') };
}
