import { spawnSync } from 'node:child_process';

/** What one run of a command takes, in seconds. */
export interface Spent {
  readonly cpu: number;
  readonly wall: number;
}

export interface Command {
  readonly args: readonly string[];
  /** Its exit code when all is well; 0 by default. */
  readonly exits?: number;
}

/**
 * Runs `node main ...args` to its end in the folder `cwd`, which is also its home. Processor time is
 * what the shell's `times` reports of its children, user and system.
 *
 * @throws when it exits with another code.
 */
export function spend(main: string, { args, exits = 0 }: Command, cwd: string): Spent {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', '"$@" >/dev/null; code=$?; times; exit $code', '-', process.execPath, main, ...args],
    { cwd, encoding: 'utf8', env: { ...process.env, HOME: cwd, NODE_ENV: 'production' } },
  );
  const wall = (performance.now() - began) / 1000;
  if (status !== exits) throw new Error(`${args.join(' ')} exited with ${status}: ${stderr}`);
  const [, children = ''] = stdout.trim().split('\n');
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds))
    .reduce((sum, part) => sum + part, 0);
  return { cpu, wall };
}
