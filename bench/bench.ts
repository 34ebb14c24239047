/**
 * What an exchange costs, beside the least it could cost and beside the libraries as they come, in
 * one run on one machine: `npm run bench`. Ratios travel between machines, absolute figures do not.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { createWorld, type World } from './world.ts';

const ROUNDS = 3;
const SECONDS = 4;
/** What a contestant is given to compile its hot path before it is measured. */
const WARM_UP_SECONDS = 5;
const script = (name: string) => new URL(name, import.meta.url).pathname;

interface Measured {
  readonly perSecond: number;
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function load(world: World, port: number, options: string[] = []): Promise<Measured> {
  const args = [script('load.ts'), '--port', `${port}`, '--tokens', world.tokensFile, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const measured = JSON.parse(stdout) as Measured;
  if (measured.refused > 0) throw new Error(`${measured.refused} requests were refused`);
  return measured;
}

/** Starts a contestant, waits until it answers, and stops it at the end of the block. */
async function start(args: string[], port: number, path: string) {
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
  return {
    startMilliseconds: performance.now() - began,
    peakMebibytes: () => peakMebibytes(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function peakMebibytes(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const round = (value: number | undefined, digits = 0) =>
  value === undefined || Number.isNaN(value) ? '?' : value.toFixed(digits);

const port = await freePort();
using world = createWorld(port);
const serve = [script('../dist/main.js'), 'serve', '--config', world.config];
const floor = (...more: string[]) => [
  script('floor.ts'),
  '--port',
  `${port}`,
  '--key',
  world.issuerKeyFile,
  '--seed',
  world.accountSeed,
  '--account',
  world.accountPublicKey,
  ...more,
];

const service: number[] = [];
const floors: number[] = [];
const starts: number[] = [];
let peak: number | undefined;

for (let n = 1; n <= ROUNDS; n++) {
  {
    await using running = await start(serve, port, '/readyz');
    starts.push(running.startMilliseconds);
    await load(world, port, ['--seconds', `${WARM_UP_SECONDS}`]);
    service.push((await load(world, port, ['--seconds', `${SECONDS}`])).perSecond);
    peak = Math.max(peak ?? 0, running.peakMebibytes() ?? 0) || undefined;
  }
  {
    await using _running = await start(floor(), port, '/');
    await load(world, port, ['--seconds', `${WARM_UP_SECONDS}`]);
    floors.push((await load(world, port, ['--seconds', `${SECONDS}`])).perSecond);
  }
  console.log(`round ${n}: nats-sts ${round(service.at(-1))}/s, floor ${round(floors.at(-1))}/s`);
}

let half: Measured;
{
  await using _running = await start(serve, port, '/readyz');
  await load(world, port, ['--seconds', `${WARM_UP_SECONDS}`]);
  half = await load(world, port, ['--seconds', `${SECONDS}`, '--rate', round(median(service) / 2)]);
}
let library: number;
{
  await using _running = await start(floor('--library'), port, '/');
  library = (await load(world, port, ['--seconds', `${SECONDS}`, '--connections', '4'])).perSecond;
}

const ratios = service.map((perSecond, n) => perSecond / (floors[n] ?? Number.NaN));
console.log(`
exchanges per second           ${round(median(service))}   (policy, limits, rate limits and audit on)
  bare node:http floor         ${round(median(floors))}   verify RS256, key pair, sign, answer; nothing else
  @nats-io/jwt and nkeys       ${round(library)}
ratio to the floor             ${round(median(ratios), 2)}×   (rounds: ${ratios.map((r) => round(r, 2)).join(', ')})
ratio to the libraries         ${round(median(service) / library)}×
latency at half the peak       p50 ${round(half.p50, 2)} ms, p99 ${round(half.p99, 2)} ms   (${round(half.perSecond)}/s)
peak memory                    ${round(peak)} MiB
start to ready                 ${round(median(starts))} ms
`);
process.exit(0);
