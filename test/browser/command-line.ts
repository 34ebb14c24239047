import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import type { BrowserWorld } from './world.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The machine of a person: a home of its own, on which commands run. */
export interface Machine extends AsyncDisposable {
  /** `$XDG_CONFIG_HOME` */
  readonly configHome: string;
  /** Begins `nats-sts ARGS`. */
  run(...args: readonly string[]): Run;
  /** The address that a command has asked to open in a browser; once for each. */
  opened(): Promise<string>;
  /** Whether a command has asked for a browser that nobody has looked at. */
  hasOpened(): Promise<boolean>;
}

export interface Run {
  /** All it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: Promise<number>;
}

export async function startMachine({ folder, certificate, url }: BrowserWorld): Promise<Machine> {
  const home = await mkdtemp(join(folder, 'machine-'));
  const configHome = join(home, 'config');
  await mkdir(configHome);
  const browser = join(home, 'browser');
  const asked = join(home, 'asked-for');
  // It stands for a browser: what it is to open, the test opens.
  await writeFile(
    browser,
    `#!/bin/sh\nprintf %s "$1" > ${asked}.new && mv ${asked}.new ${asked}\n`,
  );
  await chmod(browser, 0o755);
  const read = () => readFile(asked, 'utf8').catch(() => undefined);
  const children = new Set<ChildProcess>();
  return {
    configHome,
    run: (...args) => {
      const child = spawn(process.execPath, [MAIN, ...args], {
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          XDG_CONFIG_HOME: configHome,
          BROWSER: browser,
          NODE_EXTRA_CA_CERTS: certificate,
          STS_URL: url,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.add(child);
      return follow(child);
    },
    opened: async () => {
      const url = await eventually(read);
      await rm(asked);
      return url;
    },
    hasOpened: async () => (await read()) !== undefined,
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function follow(child: ChildProcess): Run {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  return {
    out: () => out,
    err: () => err,
    exitCode: once(child, 'close').then(([code]) => code as number),
  };
}
