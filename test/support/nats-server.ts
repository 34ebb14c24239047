import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findNatsServer } from '../../scripts/nats-server.ts';

export interface NatsServerOptions {
  /**
   * Text of a nats-server configuration; the server listens on a free loopback port whatever it
   * says. `{{folder}}` becomes the server's folder, removed when it stops unless it was given.
   */
  readonly config?: string;
  /** Further command line arguments, e.g. `-js` or `-DV`. */
  readonly args?: readonly string[];
  /** A free one unless told: for a server that comes back where it was. */
  readonly port?: number;
  /** Its directory, kept when it stops; a new one by default. */
  readonly folder?: string;
}

/** A real nats-server, accepting connections on a free loopback port. */
export interface NatsServer extends AsyncDisposable {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything it has logged so far, line by line. */
  readonly log: readonly string[];
  /** Resolves with the first line, past or to come, that holds `text`. */
  logged(text: string): Promise<string>;
  /** Resolves once the process has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function startNatsServer({
  config = '',
  args = [],
  port: fixedPort = -1,
  folder: kept,
}: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = await findNatsServer();
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'nats-sts-test-')));
  const file = join(folder, 'nats.conf');
  await writeFile(file, config.replaceAll('{{folder}}', folder));
  const listen = ['--addr', '127.0.0.1', '--port', `${fixedPort}`];
  // The server takes it from one place only.
  const isPlaced = /\bstore_dir\b/.test(config);
  const place = isPlaced ? [] : ['--store_dir', join(folder, 'jetstream')];
  const child = spawn(binary, ['-c', file, ...listen, ...place, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = stopper(child, kept === undefined ? folder : undefined);
  const { log, logged } = follow(child);
  try {
    const listening = await logged('Listening for client connections on');
    await logged('Server is ready');
    const port = Number(/:(\d+)$/.exec(listening)?.[1]);
    return {
      url: `nats://127.0.0.1:${port}`,
      port,
      pid: child.pid ?? 0,
      log,
      logged,
      stop,
      [Symbol.asyncDispose]: () => stop(),
    };
  } catch (cause) {
    await stop();
    throw new Error(`nats-server did not start:\n${log.join('\n')}`, { cause });
  }
}

/** Stops the process and removes what it leaves; a test run that dies takes its servers along. */
function stopper(child: ChildProcess, folder: string | undefined): NatsServer['stop'] {
  const ended = once(child, 'exit').catch(() => undefined);
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  return async (signal = 'SIGTERM') => {
    child.kill(signal);
    // One that a test has paused (SIGSTOP) would never hear of it.
    child.kill('SIGCONT');
    await ended;
    process.off('exit', killNow);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
}

interface Waiter {
  readonly text: string;
  readonly resolve: (line: string) => void;
  readonly reject: (fault: Error) => void;
}

function follow(child: ChildProcess): Pick<NatsServer, 'log' | 'logged'> {
  if (!child.stderr) throw new Error('the log is not piped');
  const log: string[] = [];
  const waiters = new Set<Waiter>();
  let ended: Error | undefined;
  const end = (fault: Error) => {
    ended ??= fault;
    for (const { reject } of waiters) reject(ended);
    waiters.clear();
  };
  child.once('error', end);
  createInterface(child.stderr)
    .on('line', (line) => {
      log.push(line);
      for (const waiter of waiters) {
        if (!line.includes(waiter.text)) continue;
        waiters.delete(waiter);
        waiter.resolve(line);
      }
    })
    .once('close', () => end(new Error('the server has ended')));
  return {
    log,
    logged(text) {
      const past = log.find((line) => line.includes(text));
      if (past !== undefined) return Promise.resolve(past);
      if (ended) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        waiters.add({ text, resolve, reject });
      });
    },
  };
}
