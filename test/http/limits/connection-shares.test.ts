import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { eventually } from '../../support/eventually.ts';
import { answersOn } from '../../support/keep-alive-client.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import {
  prepareService,
  startServiceWorld,
  type ServiceWorld,
} from '../../support/service-world.ts';

let world: ServiceWorld;
let token: string;
const CONNECTIONS = 40;

beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      // 40 connections.
      tree.limits = { concurrency: 4, request: '5m' };
    },
  });
  token = await world.token();
});
afterAll(() => world[Symbol.asyncDispose]());

const opened: Socket[] = [];
/** Also when a test failed: the service would wait for them. */
const closeAll = () => {
  for (const socket of opened.splice(0)) socket.destroy();
};
afterEach(closeAll);

/** A connection from this address of the loopback network, which has sent this, and what it is answered. */
async function from(localAddress: string, bytes: string, url = world.url) {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), localAddress }).on(
    'error',
    () => {},
  );
  await once(socket, 'connect');
  opened.push(socket);
  const answers = answersOn(socket);
  socket.write(bytes);
  return { socket, answers };
}

const SLOW_HEADERS = 'POST /exchange HTTP/1.1\r\nHost: sts\r\n';
const SLOW_BODY = `${SLOW_HEADERS}Content-Length: 9\r\n\r\n`;

const exchangeRequest = (token: string) =>
  `${SLOW_HEADERS}Authorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;

async function dropped(reason: string): Promise<number> {
  const text = await (await fetch(`${world.url}/metrics`)).text();
  const line = new RegExp(
    `^nats_sts_connections_dropped_total\\{reason="${reason}"\\} (\\d+)$`,
    'm',
  );
  return Number(line.exec(text)?.[1]);
}

/** Only there is the whole of 127/8. */
const onLinux = process.platform === 'linux';

test.runIf(onLinux).each([
  ['slow headers', SLOW_HEADERS],
  ['slow bodies', SLOW_BODY],
  ['nothing to say', ''],
])('five addresses with %s cannot shut out the rest', async (_, bytes) => {
  const before = await dropped('gave_way');
  const attackers = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];
  for (let n = 0; n < CONNECTIONS; n += 1) {
    for (const address of attackers) await from(address, bytes);
  }
  for (const victim of ['127.0.0.7', '127.0.0.8', '127.0.0.9']) {
    const { answers } = await from(victim, exchangeRequest(token));
    expect(await answers.next()).toMatch(/^HTTP\/1\.1 200 /);
  }
  expect(await dropped('gave_way')).toBeGreaterThan(before);
});

test('connections of one address beyond its share are closed, and counted', async () => {
  const open: Socket[] = [];
  const before = await dropped('network');
  for (let n = 0; n < CONNECTIONS; n += 1)
    open.push((await from('127.0.0.1', SLOW_HEADERS)).socket);
  await eventually(() => open.filter(({ closed }) => closed).length >= 8);
  closeAll();
  const counted = () => dropped('network').catch(() => before);
  expect(await eventually(async () => (await counted()) > before)).toBe(true);
});

test.runIf(onLinux)(
  'a connection with an unanswered request is never closed for another',
  async () => {
    let release = () => {};
    await using waiting = await startServiceWorld({
      nats: false,
      configure: (tree, { issuer }) => {
        release = issuer.pause();
        // 10 connections.
        tree.limits = { concurrency: 1 };
      },
    });
    let arrived = 0;
    waiting.service.app.server.on('request', () => {
      arrived += 1;
    });
    const first = await from('127.0.0.1', exchangeRequest(await waiting.token()), waiting.url);
    await eventually(() => arrived === 1);
    const idle: Socket[] = [];
    for (let n = 0; n < 9; n += 1) idle.push((await from('127.0.0.1', '', waiting.url)).socket);
    for (let n = 0; n < 4; n += 1) idle.push((await from('127.0.0.2', '', waiting.url)).socket);
    await eventually(() => idle.slice(0, 4).every(({ closed }) => closed));
    release();
    expect(await first.answers.next()).toMatch(/^HTTP\/1\.1 200 /);
    closeAll();
  },
);

test('an unfinished TLS handshake holds a connection no longer than a request may take', async () => {
  await using secure = await startServiceWorld({
    nats: false,
    configure: (tree, { folder }) => {
      const { cert, key } = selfSignedCertificate();
      tree.listen.tls = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
      writeFileSync(tree.listen.tls.cert, cert);
      writeFileSync(tree.listen.tls.key, key);
      tree.limits = { request: '1s' };
    },
  });
  const { port } = new URL(secure.url);
  const socket = connect({ host: '127.0.0.1', port: Number(port) }).on('error', () => {});
  await once(socket, 'close');
  expect(socket.bytesRead).toBe(0);
});

test('a low open file limit leaves room for the store, and the log says so', async () => {
  await using ground = await prepareService({ nats: false });
  await using service = await startServiceProcess(ground, { openFiles: 256 });
  expect(await service.logged('open file limit')).toMatchObject({
    level: 'warn',
    openFiles: 256,
    wanted: 10_000,
    connections: 128,
  });
  await using roomy = await startServiceProcess(ground, { openFiles: 10_128 });
  await roomy.credential(await ground.token());
  expect(JSON.stringify(roomy.log)).not.toContain('open files');
});
