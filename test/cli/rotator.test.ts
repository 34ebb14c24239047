import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { leaderOf } from '../../src/rotator/lease.ts';
import { systemClock } from '../../src/clock.ts';
import { openSqliteState } from '../../src/store/sqlite/state.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { configDirectory, signingKey, yaml } from '../config/fixture.ts';
import { eventually } from '../support/eventually.ts';
import { prepareRotation } from '../support/rotation-world.ts';
import { startRotatorProcess } from '../support/rotator-process.ts';
import { natsSts } from './command-line.ts';

/** Who holds the lease over managed accounts, as the store has it. */
async function leader(file: string): Promise<string | undefined> {
  const store = openStore({ file, survive: 'process-crash' });
  const state = openSqliteState({ store, clock: systemClock });
  try {
    return await leaderOf(state, 'managed');
  } finally {
    await state.close();
    store.close();
  }
}

test('it rotates, reports its health, reloads on SIGHUP and file changes, and on SIGTERM releases the lease and ends with 0', async () => {
  await using ground = await prepareRotation({ size: 1 });
  await using rotator = startRotatorProcess(ground, '--listen', '127.0.0.1:0');
  const url = String((await rotator.logged('listening'))['url']);
  await ground.activated(2);
  expect(await leader(ground.storeFile)).toBeDefined();

  const get = (path: string) => fetch(`${url}${path}`);
  expect([(await get('/livez')).status, await (await get('/livez')).text()]).toEqual([200, 'ok\n']);
  const ready = await get('/readyz');
  const part = { ready: true, essential: true };
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      ready: true,
      parts: { service: part, audit: part, store: part, nats: part, 'account:APP': part },
    },
  ]);
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toMatch(/^nats_sts_rotator_leader\{kind="managed"\} 1$/m);
  expect(metrics).toMatch(/^nats_sts_config_last_reload_success 1$/m);
  expect(metrics).not.toContain('nats_sts_exchanges_total');
  for (const path of ['/exchange', '/token', '/admin/keys']) {
    expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(404);
  }

  rotator.signal('SIGHUP');
  await rotator.logged('configuration reloaded');
  await ground.configure((tree) => {
    tree['roles'].second = { ...tree['roles'].publisher };
    tree['bindings'][0].roles = ['publisher', 'second'];
  });
  await rotator.logged('configuration reloaded', 2);
  await ground.activated(1, 'second');

  rotator.signal('SIGTERM');
  expect(await rotator.exited).toBe(0);
  await rotator.logged('stopped');
  expect(await leader(ground.storeFile)).toBeUndefined();
});

test('it is not ready while NATS cannot be reached, and says so; a stop does not wait for NATS', async () => {
  await using ground = await prepareRotation({
    size: 1,
    configure: (tree) => {
      tree['nats'].servers = ['nats://127.0.0.1:1'];
    },
  });
  await using rotator = startRotatorProcess(ground, '--listen', '127.0.0.1:0');
  const url = String((await rotator.logged('listening'))['url']);
  const parts = await eventually(async () => {
    const response = await fetch(`${url}/readyz`);
    const { parts } = (await response.json()) as { parts: Record<string, { message?: string }> };
    return response.status === 503 && parts['account:APP']?.message !== undefined && parts;
  });
  expect(parts['nats']?.message).toContain('cannot use the system account');
  expect(parts['account:APP']?.message).toContain('cannot rotate');

  rotator.signal('SIGTERM');
  expect(await rotator.exited).toBe(0);
});

test('a configuration with nothing to rotate is reported for each account, and exits with 4', async () => {
  vi.stubEnv('SEED', signingKey.seed());
  using directory = configDirectory();
  const config = directory.write('sts.yaml', yaml());
  const { exitCode, err } = await natsSts('rotator', '-c', config);
  vi.unstubAllEnvs();
  expect(exitCode).toBe(4);
  expect(err).toMatch(/accounts\.APP: this account has given signingKeys and no rotation schedule/);
});

test('a managed account without the operator key is reported with what is missing, and exits with 4', async () => {
  await using ground = await prepareRotation({
    size: 1,
    configure: (tree) => {
      delete tree['nats'].operatorSigningKey;
    },
  });
  const { exitCode, err } = await natsSts('rotator', '-c', ground.configFile);
  expect(exitCode).toBe(4);
  expect(err).toMatch(/accounts\.APP: .*add nats\.operatorSigningKey and nats\.system/);
});

test.each(['9090', '127.0.0.1:', 'host:99999', 'http://127.0.0.1:9090', '::1:9090', 'a/b:80'])(
  'an address to listen on such as %s is wrong usage',
  async (text) => {
    const { exitCode, err } = await natsSts('rotator', '-c', 'sts.yaml', '--listen', text);
    expect(exitCode).toBe(2);
    expect(err).toContain('Write HOST:PORT');
  },
);

test('an address in use is reported with what to change, exits with 5, and releases the lease', async () => {
  await using ground = await prepareRotation({ size: 1 });
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as AddressInfo;
  const { exitCode, err } = await natsSts(
    'rotator',
    '-c',
    ground.configFile,
    '--log-level',
    'error',
    '--listen',
    `127.0.0.1:${port}`,
  );
  taken.close();
  expect(exitCode).toBe(5);
  expect(err).toContain('EADDRINUSE');
  expect(err).toContain('change --listen');
  expect(await leader(ground.storeFile)).toBeUndefined();
});
