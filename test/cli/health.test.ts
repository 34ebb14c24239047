import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ConfigDirectory, configDirectory, signingKey, yaml } from '../config/fixture.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { startServiceWorld } from '../support/service-world.ts';
import { natsSts } from './command-line.ts';

beforeEach(() => void vi.stubEnv('SEED', signingKey.seed()));
afterEach(() => vi.unstubAllEnvs());

async function listening<T extends Server>(
  server: T,
): Promise<T & AsyncDisposable & { port: number }> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  });
}

function health(directory: ConfigDirectory, listen: string) {
  const config = directory.write('sts.yaml', yaml({ more: `listen: { ${listen} }` }));
  return natsSts('health', '-c', config);
}

test('a service that runs is ok', async () => {
  await using world = await startServiceWorld({ nats: false });
  using directory = configDirectory();
  const { port } = new URL(world.url);
  expect(await health(directory, `port: ${port}`)).toEqual({ exitCode: 0, out: 'ok\n', err: '' });
});

test('a service that listens on all addresses is asked on loopback', async () => {
  await using service = await listening(createServer((_, response) => response.end()));
  using directory = configDirectory();
  const listen = `host: 0.0.0.0, port: ${service.port}, behindProxy: 10.0.0.1`;
  expect(await health(directory, listen)).toMatchObject({ exitCode: 0 });
});

test('a service with TLS is asked with TLS, whatever its certificate says', async () => {
  using directory = configDirectory();
  const tls = selfSignedCertificate('sts.example.com');
  directory.write('cert.pem', tls.cert);
  directory.write('key.pem', tls.key);
  await using service = await listening(createTlsServer(tls, (_, response) => response.end()));
  const listen = `port: ${service.port}, tls: { cert: ./cert.pem, key: ./key.pem }`;
  expect(await health(directory, listen)).toMatchObject({ exitCode: 0 });
});

test('a service that is not running, or not alive, exits with 5 and the URL', async () => {
  using directory = configDirectory();
  await using sick = await listening(createServer((_, response) => response.writeHead(500).end()));
  const unwell = await health(directory, `port: ${sick.port}`);
  expect(unwell).toMatchObject({ exitCode: 5, out: '' });
  expect(unwell.err).toBe(`nats-sts: http://127.0.0.1:${sick.port}/livez answered 500\n`);
  await sick[Symbol.asyncDispose]();
  const gone = await health(directory, `port: ${sick.port}`);
  expect(gone).toMatchObject({
    exitCode: 5,
    err: expect.stringMatching(/cannot reach .*ECONNREFUSED/),
  });
});

test('a port that the system chooses cannot be asked', async () => {
  using directory = configDirectory();
  const { exitCode, err } = await health(directory, 'port: 0');
  expect(exitCode).toBe(2);
  expect(err).toContain('listen.port is 0');
});
