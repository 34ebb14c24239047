import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';

/** What a contestant is given to compile its hot path before it is measured. */
export const WARM_UP_SECONDS = 5;

/** Path of a file beside this one. */
export const script = (name: string): string => new URL(name, import.meta.url).pathname;

export interface Measured {
  readonly perSecond: number;
  /** Requests that were answered with a credential. */
  readonly done: number;
  readonly refused: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface Load {
  readonly port: number;
  /** JSON: the tokens to post in turn. */
  readonly tokensFile: string;
  readonly seconds: number;
  readonly connections?: number;
  /** Requests a second; as many as go unless told. */
  readonly rate?: number;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The load, from a process of its own. */
export async function measure(options: Load): Promise<Measured> {
  const { tokensFile: tokens, ...rest } = options;
  const named = Object.entries({ tokens, ...rest }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const { stdout } = await promisify(execFile)(process.execPath, [script('load.ts'), ...named]);
  return JSON.parse(stdout) as Measured;
}

/** The same where a refusal makes the figures worthless. */
export async function load(options: Load): Promise<Measured> {
  const measured = await measure(options);
  if (measured.refused > 0) throw new Error(`${measured.refused} requests were refused`);
  return measured;
}

export interface Running extends AsyncDisposable {
  readonly startMilliseconds: number;
  /** Undefined where the system doesn't tell. */
  peakMebibytes(): number | undefined;
  /** Resident memory now. Undefined where the system doesn't tell. */
  residentMebibytes(): number | undefined;
  /** Processor time so far, of the process and its children. Undefined where the system doesn't tell. */
  cpuSeconds(): number | undefined;
}

/** Starts a contestant, waits until it answers, and stops it at the end of the block. */
export async function start(args: readonly string[], port: number, path: string): Promise<Running> {
  const began = performance.now();
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  while (child.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response && response.status !== 503) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (child.exitCode !== null) throw new Error(`it ended at its start: ${args.join(' ')}`);
  return {
    startMilliseconds: performance.now() - began,
    peakMebibytes: () => mebibytes(child.pid, 'VmHWM'),
    residentMebibytes: () => mebibytes(child.pid, 'VmRSS'),
    cpuSeconds: () => cpuSeconds(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function mebibytes(pid: number | undefined, field: 'VmHWM' | 'VmRSS'): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** In user and system mode: fields 14 and 15 of proc(5), in hundredths of a second. With its children that run. */
function cpuSeconds(pid: number | undefined): number | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    const own = (Number(afterName?.[11]) + Number(afterName?.[12])) / 100;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return children
      .filter((child) => child !== '')
      .reduce((sum, child) => sum + (cpuSeconds(Number(child)) ?? 0), own);
  } catch {
    return undefined;
  }
}
