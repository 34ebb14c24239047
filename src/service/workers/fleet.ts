import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { type Channel, openChannel, type Vitals } from '../../store/ipc/channel.ts';
import type { Start, WorkerAnswers } from './calls.ts';
import { closeUntaken } from './handover.ts';
import { portOf } from './ports.ts';
import { WORKER_VARIABLE } from './share.ts';

/** A worker, from its start to its end. */
export interface Worker {
  /** From 1; the worker that takes its place has the same. */
  readonly number: number;
  readonly channel: Channel<WorkerAnswers>;
}

export interface FleetOptions {
  readonly count: number;
  /** What a worker that starts now is given. */
  readonly start: () => Omit<Start, 'worker' | 'workers'>;
  /** Answers the calls of a new worker. */
  readonly attach: (worker: Worker) => void;
  readonly vitals: () => Vitals;
  readonly log: Log;
  /** A worker ended that should not have, and another one takes its place. */
  readonly onReplace: () => void;
}

/** The workers of this process. */
export interface Fleet {
  /** Where they listen. */
  readonly url: string;
  /** Those that are running or starting, now. */
  workers(): readonly Worker[];
  /** No worker is replaced from now on. */
  keepNone(): void;
  /** Ends every worker, after its requests in progress. */
  stop(): Promise<void>;
}

interface Member extends Worker {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
}

/** How a process ended, or why it never began. */
type Exit =
  | { readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly why: string };

/** Pause before a worker is replaced for the nth time in a row; one that lasted a minute begins a new row. */
const PAUSES_MILLISECONDS = [0, 1000, 2000, 4000, 8000, 16_000, 30_000];
const LASTED_MILLISECONDS = 60_000;

/** A worker that has not answered for this long hangs: others wait for it. */
const HANGS_MILLISECONDS = 30_000;
const LOOK_MILLISECONDS = 1000;

/**
 * Forks workers that share one port, and replaces those that end.
 *
 * @throws what the first worker said that cannot start; then none is left.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { count, start, attach, vitals, log, onReplace } = options;
  cluster.setupPrimary({
    exec: process.argv[1],
    args: process.argv.slice(2),
    serialization: 'advanced',
  });
  const members = new Map<number, Member>();
  const stopped = new AbortController();
  const inRow = new Map<number, number>();

  function fork(number: number): Member {
    const forked = cluster.fork({ [WORKER_VARIABLE]: String(number) });
    const { process: child } = forked;
    closeUntaken(child);
    const channel = openChannel<WorkerAnswers>(portOf(child), { vitals, flush: 'callback' });
    const { promise: exited, resolve: exit } = Promise.withResolvers<Exit>();
    child.once('exit', (code, signal) => exit({ code, signal }));
    // The system cannot start another process, or a message could not be sent to one that ended.
    forked.on('error', ({ message }) => {
      if (child.pid === undefined) exit({ why: message });
    });
    const member = { number, channel, process: child, exited };
    members.set(number, member);
    attach(member);
    return member;
  }

  /** Resolves with the URL. */
  async function launch(number: number): Promise<string> {
    const began = performance.now();
    const member = fork(number);
    const listening = member.channel.call('start', { ...start(), worker: number, workers: count });
    void ended(member, began);
    const early = member.exited.then((exit): never => {
      throw new Error(`a worker ended at its start: ${JSON.stringify(exit)}`);
    });
    return Promise.race([listening, early]);
  }

  async function ended(member: Member, began: number): Promise<void> {
    const { number, process: child } = member;
    const exit = await member.exited;
    members.delete(number);
    if (stopped.signal.aborted) return;
    if (performance.now() - began > LASTED_MILLISECONDS) inRow.delete(number);
    await replace(number, { worker: number, pid: child.pid, ...factsOf(exit) });
  }

  async function replace(number: number, facts: object): Promise<void> {
    const times = inRow.get(number) ?? 0;
    inRow.set(number, times + 1);
    const pause = PAUSES_MILLISECONDS[Math.min(times, PAUSES_MILLISECONDS.length - 1)] ?? 0;
    log.error(
      { ...facts, restartInSeconds: pause / 1000 },
      'a worker ended unexpectedly; another one takes its place',
    );
    try {
      await wait(pause, undefined, { ref: false, signal: stopped.signal });
      onReplace();
      await launch(number);
      log.info({ worker: number }, 'the worker was replaced');
    } catch (fault) {
      if (stopped.signal.aborted) return;
      log.error({ worker: number, why: String(fault) }, 'a worker cannot start');
      members.get(number)?.process.kill('SIGKILL');
    }
  }

  async function stop(): Promise<void> {
    stopped.abort();
    clearInterval(watching);
    await Promise.all(
      [...members.values()].map(async ({ channel, process: child, exited }) => {
        await channel.call('close').catch(() => undefined);
        if (child.connected) child.disconnect();
        await exited;
      }),
    );
    process.removeListener('exit', killAll);
  }

  /** Also when this process ends although requests are in progress. */
  const killAll = (): void => {
    for (const { process: child } of members.values()) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const watching = setInterval(lookForHanging(members, log), LOOK_MILLISECONDS).unref();
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  try {
    // A worker that ends at the start is not replaced.
    const [url = ''] = await Promise.all(numbers.map((number) => launch(number)));
    return {
      url,
      workers: () => [...members.values()],
      keepNone: () => stopped.abort(),
      stop,
    };
  } catch (fault) {
    stopped.abort();
    clearInterval(watching);
    killAll();
    throw fault;
  }
}

function factsOf(exit: Exit): object {
  if ('why' in exit) return exit;
  return exit.signal === null ? { code: exit.code } : { signal: exit.signal };
}

/** Ends workers that hang. Call it again and again. */
function lookForHanging(members: ReadonlyMap<number, Member>, log: Log): () => void {
  const answered = new WeakMap<Member, number>();
  let looked = performance.now();
  return () => {
    const now = performance.now();
    // After a pause of this process, nobody can have answered.
    const paused = now - looked > LOOK_MILLISECONDS * 5;
    looked = now;
    for (const member of members.values()) {
      const heard = () => void answered.set(member, performance.now());
      if (paused || !answered.has(member)) heard();
      if (now - (answered.get(member) ?? now) > HANGS_MILLISECONDS) {
        log.error(
          { worker: member.number, pid: member.process.pid },
          'a worker hangs; it is killed',
        );
        member.process.kill('SIGKILL');
      }
      member.channel.call('alive').then(heard, () => undefined);
    }
  };
}
