import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Another commit of this repository, installed and built in a temporary folder. */
export interface Checkout extends Disposable {
  /** Its nats-sts command, to run with Node. */
  readonly main: string;
}

/** @throws when the commit is unknown, or does not install or build. */
export function checkOut(commit: string): Checkout {
  const directory = mkdtempSync(join(tmpdir(), 'nats-sts-versus-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const archive = execFileSync('git', ['-C', ROOT, 'archive', commit], {
      maxBuffer: 1024 * 1024 * 1024,
    });
    execFileSync('tar', ['-x', '-C', directory], { input: archive });
    for (const args of [['ci'], ['run', 'build']]) {
      execFileSync('npm', ['--silent', ...args], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }
  } catch (fault) {
    remove();
    throw fault;
  }
  return { main: join(directory, 'dist/main.js'), [Symbol.dispose]: remove };
}
