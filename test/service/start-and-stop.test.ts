import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { natsSts } from '../cli/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { failedStart, startServiceProcess } from '../support/service-process.ts';
import { type GroundOptions, prepareService } from '../support/service-world.ts';

/** The exit codes are those of `nats-sts --help`. */

/** A start that fails, in this process: how it would end, and what it says. */
async function start(configFile: string): Promise<{ code: number; message: string }> {
  const { exitCode, err } = await natsSts('serve', '-c', configFile, '--log-level', 'error');
  return { code: exitCode, message: err };
}

describe('startup fails on a configuration that is unsafe or cannot work, and names the line', () => {
  test('configuration not valid: 4, with every problem and its line', async () => {
    await using ground = await prepareService({
      nats: false,
      configure: (tree) => {
        tree.roles.publisher.maxTtl = 'soon';
        tree.bindings[0].issuer = 'nobody';
      },
    });
    const { code, message } = await start(ground.configFile);
    expect(code).toBe(4);
    expect(message).toMatch(/line \d+: roles\.publisher\.maxTtl: /);
    expect(message).toMatch(/line \d+: bindings\[0\]\.issuer: /);
  });

  test('no configuration file: 4', async () => {
    const { code, message } = await start('/nowhere/sts.yaml');
    expect(code).toBe(4);
    expect(message).toContain('/nowhere/sts.yaml');
  });

  test('listening beyond loopback requires TLS or a trusted proxy: 4', async () => {
    await using ground = await prepareService({
      nats: false,
      configure: (tree) => {
        tree.listen.host = '0.0.0.0';
      },
    });
    const { code, message } = await start(ground.configFile);
    expect(code).toBe(4);
    expect(message).toMatch(/listen\.host: .*unencrypted.*listen\.tls.*behindProxy/);
  });

  test('port in use: 5, with what to change', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    await using ground = await prepareService({
      nats: false,
      configure: (tree) => {
        tree.listen.port = (taken.address() as AddressInfo).port;
      },
    });
    const { code, message } = await failedStart(ground);
    taken.close();
    expect(code).toBe(5);
    expect(message).toMatch(/EADDRINUSE.*change listen\.host or listen\.port/);
  });

  test.each([
    ['lies where no folder can be', './sts.yaml/sts.db'],
    ['is no database', './sts.yaml'],
    ['is a folder', './data'],
  ])('a store that %s: 1, with its path', async (_, sqlite) => {
    await using ground = await prepareService({
      nats: false,
      configure: (tree) => {
        tree.store.sqlite = sqlite;
      },
    });
    const { code, message } = await start(ground.configFile);
    expect(code).toBe(1);
    expect(message).toContain(`cannot open the store ${join(ground.folder, sqlite)}`);
  });

  test('an invalid TLS certificate: not 0, and no stack trace', async () => {
    await using ground = await prepareService({
      nats: false,
      configure: (tree, { folder }) => {
        tree.listen.tls = { cert: join(folder, 'sts.yaml'), key: join(folder, 'sts.yaml') };
      },
    });
    const { code, message } = await start(ground.configFile);
    expect(code).toBe(1);
    expect(message).not.toMatch(/^\s+at /m);
  });
});

/** Requests wait for keys, and so stay in progress, until the issuer is let go. */
async function prepareWaiting(options: GroundOptions = {}) {
  let release = () => {};
  const ground = await prepareService({
    nats: false,
    ...options,
    configure: (tree, places) => {
      release = places.issuer.pause();
      tree.limits = { concurrency: 2 };
      options.configure?.(tree, places);
    },
  });
  return { ground, release };
}

describe('a stop', () => {
  test('answers every request in progress, closes the port, and ends with 0', async () => {
    const { ground, release } = await prepareWaiting();
    await using _ground = ground;
    await using service = await startServiceProcess(ground);
    const token = await ground.token();
    const asked = Array.from({ length: 11 }, () => service.exchange(token));
    // Ten may wait for the keys of an issuer: they are in progress when the eleventh is too many.
    expect((await Promise.race(asked)).status).toBe(503);

    service.signal('SIGTERM');
    await eventually(() => refusesConnections(service.url));
    release();
    const answered = await Promise.all(asked);
    const issued = answered.filter(({ status }) => status === 200);
    expect(issued).toHaveLength(10);
    for (const response of issued) {
      const { subject } = (await response.json()) as { subject: string };
      expect(ground.audit({ user: subject })).toHaveLength(1);
    }
    expect(await service.exited).toBe(0);
    await service.logged('stopped');
  });

  test('waits for a request that is still being sent', async () => {
    await using ground = await prepareService({ nats: false });
    await using service = await startServiceProcess(ground);
    const { hostname, port } = new URL(service.url);
    const socket = connect({ host: hostname, port: Number(port) });
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
    });
    const body = JSON.stringify({ token: await ground.token() });
    // The interim answer shows that the request has been taken up.
    socket.write(
      'POST /exchange HTTP/1.1\r\nHost: sts\r\nContent-Type: application/json\r\n' +
        `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await eventually(() => text.includes('100 Continue'));
    service.signal('SIGTERM');
    await eventually(() => refusesConnections(service.url));
    socket.write(body);
    await once(socket, 'close');
    expect(text).toContain('HTTP/1.1 200 OK');
    expect(await service.exited).toBe(0);
  });

  test('does not wait for idle connections', async () => {
    await using ground = await prepareService({ nats: false });
    await using service = await startServiceProcess(ground);
    await service.credential(await ground.token());
    service.signal('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  test('waits for a caller that never finishes only until the drain time ends, and says so', async () => {
    await using ground = await prepareService({
      nats: false,
      configure: (tree) => {
        tree.limits = { drain: '1s', request: '1m' };
      },
    });
    await using service = await startServiceProcess(ground);
    const { hostname, port } = new URL(service.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.write(
      'POST /exchange HTTP/1.1\r\nHost: sts\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
    );
    await once(socket, 'data');
    service.signal('SIGTERM');
    expect(await service.exited).toBe(1);
    expect(JSON.stringify(service.log)).toContain('drain time');
    socket.destroy();
  });

  test('leaves nothing behind that keeps the next start from working', async () => {
    await using ground = await prepareService({ nats: false });
    const users: string[] = [];
    for (const end of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
      await using service = await startServiceProcess(ground);
      users.push((await service.credential(await ground.token())).subject);
      service.signal(end);
      await service.exited;
    }
    const recorded = ground.audit({ type: 'issued' });
    expect(recorded.map((event) => 'user' in event && event.user)).toEqual(users);
  });
});

async function refusesConnections(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

test('only this user can read the store', async () => {
  await using ground = await prepareService({ nats: false });
  await using service = await startServiceProcess(ground);
  await service.credential(await ground.token());
  for (const suffix of ['', '-wal', '-shm']) {
    expect(statSync(ground.storeFile + suffix).mode & 0o077).toBe(0);
  }
});
