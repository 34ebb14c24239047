/**
 * This tree beside another commit of it: both built, run in turn in one run, so that what the
 * machine does meanwhile hits both. Only the ratios mean anything.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median, round } from '../numbers.ts';
import { freePort, load, type Running, script, start, WARM_UP_SECONDS } from '../running.ts';
import { createWorld, type World } from '../world.ts';
import { type Checkout, checkOut } from './checkout.ts';
import { type Command, spend } from './command.ts';

const SECONDS = 4;
const THEIRS_FIRST = ['theirs', 'ours'] as const;

/** Every figure, in its own unit; by name, as `--json` has them. */
type Figures = Record<string, number>;

/**
 * Prints this tree's figures as ratios to those of `commit`: below 1 is less. `workers2PerCpu` is the ratio of two workers of this tree
 * to one of it.
 */
export async function benchVersus(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      /** After how many exchanges memory is measured again, in the first round. */
      exchanges: { type: 'string', default: '200000' },
    },
  });
  const [commit] = positionals;
  if (commit === undefined) {
    throw new Error(
      'name a commit: npm run bench -- versus COMMIT [--rounds N] [--exchanges N] [--json]',
    );
  }
  using other: Checkout = checkOut(commit);
  const mains = { ours: script('../dist/main.js'), theirs: other.main };
  const found = { ours: [] as Figures[], theirs: [] as Figures[] };
  // The same rate for both: half of what theirs does at most.
  let half: number | undefined;
  for (let n = 0; n < Number(values.rounds); n += 1) {
    for (const side of n % 2 === 0 ? THEIRS_FIRST : THEIRS_FIRST.toReversed()) {
      const figures = await measured(mains[side], {
        half,
        many: n === 0 ? Number(values.exchanges) : 0,
      });
      half ??= Math.round((figures['exchangesPerSecond'] ?? 0) / 2);
      found[side].push(figures);
    }
    Object.assign(found.ours.at(-1) ?? {}, { workers2PerCpu: await workersPerCpu(mains.ours, 2) });
    Object.assign(found.theirs.at(-1) ?? {}, {
      workers2PerCpu: await workersPerCpu(mains.ours, 1),
    });
    console.error(`round ${n + 1} of ${values.rounds}`);
  }
  const ratios = ratiosOf(found.ours, found.theirs);
  if (values.json) console.log(JSON.stringify({ commit, ratios }));
  else print(commit, ratios);
}

interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

function ratiosOf(ours: readonly Figures[], theirs: readonly Figures[]): Record<string, Ratio> {
  const [first = {}] = ours;
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const all = ours
        .map((figures, n) => (figures[name] ?? Number.NaN) / (theirs[n]?.[name] ?? Number.NaN))
        .filter((ratio) => !Number.isNaN(ratio));
      const ratio = { median: median(all), lowest: Math.min(...all), highest: Math.max(...all) };
      return [name, ratio];
    }),
  );
}

function print(commit: string, ratios: Record<string, Ratio>): void {
  console.log(`\nratio to ${commit}, median of the rounds (lowest to highest)`);
  for (const [name, { median: middle, lowest, highest }] of Object.entries(ratios)) {
    const spread = `(${round(lowest, 2)} to ${round(highest, 2)})`;
    console.log(`  ${name.padEnd(22)} ${round(middle, 2)}×  ${spread}`);
  }
}

interface Round {
  /** Exchanges a second at which latency is measured; half of its own peak by default. */
  readonly half: number | undefined;
  /** Exchanges after which memory is measured again; 0: it is not. */
  readonly many: number;
}

/** One round of one side. */
async function measured(main: string, round: Round): Promise<Figures> {
  const port = await freePort();
  using world = createWorld(port);
  const scopedPort = await freePort();
  using scoped = createWorld(scopedPort, { scoped: true });
  return {
    ...commands(main, world),
    ...(await service(main, port, world, round)),
    scopedExchangePerCpu: await scopedPerCpu(main, scopedPort, scoped),
  };
}

/** Commands that need no service. */
function commands(main: string, world: World): Figures {
  writeFileSync(join(world.directory, 'claims.json'), claimsOf(world));
  const figures: Figures = {};
  const named: Record<string, Command> = {
    version: { args: ['--version'] },
    help: { args: ['--help'] },
    check: { args: ['check', '--config', world.config] },
    explain: { args: ['explain', '--config', world.config, '--claims', 'claims.json'] },
    // Nobody is signed in.
    whoami: { args: ['whoami'], exits: 3 },
  };
  for (const [name, command] of Object.entries(named)) {
    const { cpu, wall } = spend(main, command, world.directory);
    figures[`${name}Cpu`] = cpu;
    if (name === 'version') figures['versionWall'] = wall;
  }
  const { versionCpu = Number.NaN, versionWall = Number.NaN, ...rest } = figures;
  return { startVersionCpu: versionCpu, startVersionWall: versionWall, ...rest };
}

async function service(
  main: string,
  port: number,
  world: World,
  { half, many }: Round,
): Promise<Figures> {
  const { tokensFile } = world;
  await using running = await start([main, 'serve', '--config', world.config], port, '/readyz');
  const atStart = {
    startServeWall: running.startMilliseconds,
    startServeCpu: running.cpuSeconds() ?? Number.NaN,
    rssStart: running.residentMebibytes() ?? Number.NaN,
  };
  const url = `http://127.0.0.1:${port}`;
  const token = firstToken(world);
  const called = Object.entries({
    exchangeCpu: ['exchange', '--url', url, '--token', token, '--out', 'app.creds'],
    keysListCpu: ['keys', 'list', '--url', url, '--token', token],
  }).map(([name, args]) => [name, spend(main, { args }, world.directory).cpu] as const);
  await load({ port, tokensFile, seconds: WARM_UP_SECONDS });
  const { perSecond, perCpu } = await peak(running, port, tokensFile);
  const rate = half ?? Math.round(perSecond / 2);
  const { p99 } = await load({ port, tokensFile, seconds: SECONDS, rate });
  const figures: Figures = {
    ...atStart,
    ...Object.fromEntries(called),
    exchangesPerSecond: perSecond,
    exchangePerCpu: perCpu,
    p99Half: p99,
  };
  if (many > 0) {
    for (let done = 0; done < many; ) {
      done += (await load({ port, tokensFile, seconds: 10 })).done;
    }
    figures['rssAfter'] = running.residentMebibytes() ?? Number.NaN;
  }
  return figures;
}

async function scopedPerCpu(main: string, port: number, world: World): Promise<number> {
  const { tokensFile } = world;
  await using running = await start([main, 'serve', '--config', world.config], port, '/readyz');
  await load({ port, tokensFile, seconds: WARM_UP_SECONDS });
  return (await peak(running, port, tokensFile)).perCpu;
}

/**
 * Exchanges for each second of processor time, the primary process included, with several workers of this tree. Each worker
 * has compiled its hot path, and enough connections to be busy all the time: a process that sleeps and wakes costs more.
 */
async function workersPerCpu(main: string, workers: number): Promise<number> {
  const port = await freePort();
  using world = createWorld(port, { workers });
  const { tokensFile } = world;
  await using running = await start([main, 'serve', '--config', world.config], port, '/readyz');
  await load({ port, tokensFile, seconds: 2 * WARM_UP_SECONDS * workers });
  return (await peak(running, port, tokensFile, BUSY_CONNECTIONS * workers)).perCpu;
}

const CONNECTIONS = 16;
const BUSY_CONNECTIONS = 32;

/** Exchanges a second, and for each second of the service's processor time. */
async function peak(running: Running, port: number, tokensFile: string, connections = CONNECTIONS) {
  const before = running.cpuSeconds() ?? Number.NaN;
  const { perSecond, done } = await load({ port, tokensFile, seconds: SECONDS, connections });
  return { perSecond, perCpu: done / ((running.cpuSeconds() ?? Number.NaN) - before) };
}

function firstToken({ tokensFile }: World): string {
  const [token = ''] = JSON.parse(readFileSync(tokensFile, 'utf8')) as string[];
  return token;
}

function claimsOf(world: World): string {
  return Buffer.from(firstToken(world).split('.')[1] ?? '', 'base64url').toString();
}
