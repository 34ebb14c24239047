import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { builtMain } from './built-command.ts';
import { eventually } from './eventually.ts';
import { callers, type ServiceGround, type ServiceWorld } from './service-world.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** `nats-sts serve` in its own process, for what only a process shows (signals, exit codes, death). */
export interface ServiceProcess
  extends AsyncDisposable,
    Pick<ServiceWorld, 'exchange' | 'credential' | 'tokenExchange'> {
  readonly url: string;
  readonly log: readonly LogLine[];
  /** All it has written, to stdout and stderr, as it came. */
  written(): string;
  /** Resolves with the nth line, past or to come, whose message holds `text`. */
  logged(text: string, nth?: number): Promise<LogLine>;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

export interface ServiceProcessOptions {
  /** No file can grow beyond this: for it, the disk is full then. No limit unless told. */
  readonly fileKibibytes?: number;
  /** How many files, including sockets, it may have open; by default no limit. */
  readonly openFiles?: number;
}

export async function startServiceProcess(
  ground: Pick<ServiceGround, 'configFile'>,
  limits: ServiceProcessOptions = {},
): Promise<ServiceProcess> {
  const child = spawnService(ground, 'debug', limits);
  const log: LogLine[] = [];
  createInterface(child.stdout!).on('line', (line) => log.push(JSON.parse(line) as LogLine));
  let written = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      written += chunk.toString();
    });
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const logged: ServiceProcess['logged'] = (text, nth = 1) =>
    eventually(() => log.filter(({ msg }) => String(msg).includes(text))[nth - 1]);
  const listening = await Promise.race([logged('listening'), exited.then(() => undefined)]);
  if (!listening) throw new Error(`the service ended at its start: ${written}`);
  const url = String(listening['url']);
  return {
    url,
    log,
    written: () => written,
    logged,
    ...callers(url),
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** How a service ends that can't start. */
export async function failedStart(
  ground: Pick<ServiceGround, 'configFile'>,
): Promise<{ code: number | null; message: string }> {
  const child = spawnService(ground, 'error');
  const [message, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  return { code: code as number | null, message };
}

function spawnService(
  { configFile }: Pick<ServiceGround, 'configFile'>,
  level: string,
  { fileKibibytes, openFiles }: ServiceProcessOptions = {},
): ChildProcess {
  const command = [
    process.execPath,
    builtMain(),
    'serve',
    '--config',
    configFile,
    '--log-level',
    level,
  ];
  const limits = [
    ...(fileKibibytes === undefined ? [] : [`ulimit -f ${fileKibibytes};`]),
    ...(openFiles === undefined ? [] : [`ulimit -n ${openFiles};`]),
  ].join(' ');
  const limited = ['bash', '-c', `${limits} exec "$@"`, 'bash', ...command];
  const [file = '', ...args] = limits === '' ? command : limited;
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
