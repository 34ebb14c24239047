import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { configDirectory, signingKey, yaml } from '../config/fixture.ts';
import { callers, prepareService } from '../support/service-world.ts';
import { eventually } from '../support/eventually.ts';
import { natsSts } from './command-line.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Serving extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** The first line of the log, past or to come, with this message. */
  logged(msg: string): Promise<Record<string, unknown>>;
}

/** `nats-sts serve` in its own process. */
function serve(...args: readonly string[]): Serving {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Record<string, unknown>[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    exited,
    logged: (msg) => eventually(() => lines.find((line) => line['msg'] === msg)),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

test('it issues credentials, reloads on SIGHUP, and ends with 0 on SIGTERM', async () => {
  await using ground = await prepareService({ nats: false });
  await using serving = serve('--config', ground.configFile);
  const { url } = await serving.logged('listening');
  const { exchange } = callers(String(url));
  const token = await ground.token({ sub: 'late' });
  expect((await exchange(token)).status).toBe(403);

  await ground.configure((tree) => {
    tree['bindings'][0].match.sub = 'late';
  });
  serving.child.kill('SIGHUP');
  await serving.logged('configuration reloaded');
  expect((await exchange(token)).status).toBe(200);

  serving.child.kill('SIGTERM');
  expect(await serving.exited).toBe(0);
  await serving.logged('stopped');
});

test('SIGINT ends it with 0, too', async () => {
  await using ground = await prepareService({ nats: false });
  await using serving = serve('-c', ground.configFile);
  await serving.logged('listening');
  serving.child.kill('SIGINT');
  expect(await serving.exited).toBe(0);
});

test('a configuration that is not valid is reported completely, and exits with 4', async () => {
  using directory = configDirectory();
  const config = directory.write('sts.yaml', 'roles: 1\nlistn: {}\n');
  const { exitCode, err } = await natsSts('serve', '-c', config);
  expect(exitCode).toBe(4);
  expect(err).toMatch(/line 1: roles: /);
  expect(err).toMatch(/line 2: listn: /);
});

test('a port in use is reported with what to change, and exits with 5', async () => {
  vi.stubEnv('SEED', signingKey.seed());
  using directory = configDirectory();
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as AddressInfo;
  const config = directory.write('sts.yaml', yaml({ more: `listen: { port: ${port} }` }));
  const { exitCode, err } = await natsSts('serve', '-c', config, '--log-level', 'error');
  taken.close();
  vi.unstubAllEnvs();
  expect(exitCode).toBe(5);
  expect(err).toContain('EADDRINUSE');
  expect(err).toContain('change listen.host or listen.port');
});
