import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { builtMain } from './built-command.ts';
import { eventually } from './eventually.ts';
import type { LogLine } from './service-process.ts';

/** `nats-sts rotator` in its own process. */
export interface RotatorProcess extends AsyncDisposable {
  readonly log: readonly LogLine[];
  /** Resolves with the nth line, past or to come, whose message is `text`; fails when the process has ended. */
  logged(text: string, nth?: number): Promise<LogLine>;
  signal(signal: NodeJS.Signals): void;
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

export function startRotatorProcess(
  { configFile }: { readonly configFile: string },
  ...more: readonly string[]
): RotatorProcess {
  const child = spawn(process.execPath, [builtMain(), 'rotator', '--config', configFile, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: LogLine[] = [];
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => log.push(JSON.parse(line) as LogLine));
  let over = false;
  lines.once('close', () => {
    over = true;
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    log,
    logged: (text, nth = 1) =>
      eventually(() => {
        const found = log.filter(({ msg }) => msg === text)[nth - 1];
        if (!found && over) throw new Error(`the rotator has ended and never logged "${text}"`);
        return found;
      }),
    signal: (signal) => void child.kill(signal),
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
