import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { answersOn, connected, keepAsking } from '../support/keep-alive-client.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { prepareService, startServiceWorld } from '../support/service-world.ts';

const CONNECTIONS = 20;
const STOPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const exchange = (token: string) =>
  `POST /exchange HTTP/1.1\r\nHost: sts\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;

test.for(STOPS)(
  'stop %i of ten loses no request of twenty busy keep-alive connections',
  async (stop) => {
    await using ground = await prepareService({ nats: false });
    await using service = await startServiceProcess(ground);
    const request = exchange(await ground.token());
    const clients = Array.from({ length: CONNECTIONS }, () => keepAsking(service.url, request));
    await eventually(() => clients.every(({ answered }) => answered() >= stop));
    service.signal('SIGTERM');
    const lost = await Promise.all(clients.map(({ ended }) => ended));
    expect(lost).toEqual(Array.from({ length: CONNECTIONS }, () => undefined));
    expect(await service.exited).toBe(0);
  },
);

test('a stop waits with stopDelay: not ready, but it answers, and announces that connections end', async () => {
  await using ground = await prepareService({
    nats: false,
    configure: (tree) => {
      tree.limits = { stopDelay: '1h' };
    },
  });
  await using service = await startServiceProcess(ground);
  const request = exchange(await ground.token());
  const idle = await connected(service.url);
  const answers = answersOn(idle);
  idle.write(request);
  expect(await answers.next()).toMatch(/^connection: keep-alive\r$/im);

  service.signal('SIGTERM');
  await eventually(async () => (await fetch(`${service.url}/readyz`)).status === 503);
  idle.write(request);
  expect(await answers.next()).toMatch(/^HTTP\/1\.1 200 [^]*^connection: close\r$/im);
  const late = await connected(service.url);
  late.write(request);
  expect(await answersOn(late).next()).toMatch(/^HTTP\/1\.1 200 [^]*^connection: close\r$/im);
  expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  service.signal('SIGTERM');
  expect(await service.exited).toBeNull();
});

test('pipelined requests are all answered, and the last answer announces the end', async () => {
  let release = () => {};
  await using world = await startServiceWorld({
    nats: false,
    // They wait for the issuer's keys.
    configure: (_tree, { issuer }) => {
      release = issuer.pause();
    },
  });
  const request = exchange(await world.token());
  let arrived = 0;
  world.service.app.server.on('request', () => {
    arrived += 1;
  });
  const socket = await connected(world.url);
  const answers = answersOn(socket);
  socket.write(request.repeat(2));
  await eventually(() => arrived === 2);
  const drained = world.service.drain();
  socket.write(request);
  await eventually(() => arrived === 3);
  release();
  for (const connection of ['keep-alive', 'keep-alive', 'close']) {
    const answer = await answers.next();
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(/^connection: (\S+)\r$/im.exec(answer)?.[1]).toBe(connection);
  }
  await drained;
});
