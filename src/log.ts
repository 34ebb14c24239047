import { styleText } from 'node:util';
import { type Logger, pino } from 'pino';

/**
 * The service's log: starts, reloads, faults. Requests are in the audit log and the metrics.
 * Fields never hold a token, seed or key; `Refusal.detail` and error texts are made so.
 */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** JSON lines for machines; one readable line an event at a terminal. */
export function createLog(stream: NodeJS.WriteStream, level = 'info'): Log {
  const destination = stream.isTTY
    ? { write: (line: string) => void stream.write(forPeople(line)) }
    : stream;
  return pino({ level, base: {}, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

const LEVELS: Readonly<Record<number, readonly [string, 'dim' | 'green' | 'yellow' | 'red']>> = {
  20: ['debug', 'dim'],
  30: ['info', 'green'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
};

function forPeople(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const [name, colour] = LEVELS[Number(level)] ?? ['log', 'dim'];
  const rest = Object.entries(fields).map(([k, v]) => ` ${styleText('dim', `${k}=`)}${plain(v)}`);
  const at = styleText('dim', String(time).slice(11, 19));
  return `${at} ${styleText(colour, name.padEnd(5))} ${String(msg)}${rest.join('')}\n`;
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}
