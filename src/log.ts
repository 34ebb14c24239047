import { styleText } from 'node:util';
import { type Logger, pino } from 'pino';

/**
 * The service's log: starts, reloads, faults. Requests are in the audit log and the metrics.
 * Fields never hold a token, seed or key, and neither do `Refusal.detail` and error texts.
 */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** JSON lines for machines; one readable line per event at a terminal. Every line has the `base` fields. */
export function createLog(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>,
  level = 'info',
  base: Readonly<Record<string, unknown>> = {},
): Log {
  const destination = stream.isTTY
    ? { write: (line: string) => void stream.write(forPeople(line)) }
    : stream;
  return pino(
    {
      level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
    },
    destination,
  );
}

const COLOURS: Readonly<Record<string, 'dim' | 'green' | 'yellow' | 'red'>> = {
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
};

function forPeople(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = String(level);
  const rest = Object.entries(fields).map(([k, v]) => ` ${styleText('dim', `${k}=`)}${plain(v)}`);
  const at = styleText('dim', String(time).slice(11, 19));
  return `${at} ${styleText(COLOURS[name] ?? 'dim', name.padEnd(5))} ${String(msg)}${rest.join('')}\n`;
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}
