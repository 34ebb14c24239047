import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { startServiceWorld, type ServiceWorld } from '../../support/service-world.ts';

let world: ServiceWorld;

beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree['limits'] = { concurrency: 2 };
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

function connection() {
  const { hostname, port } = new URL(world.url);
  return connect({ host: hostname, port: Number(port) }).on('error', () => {});
}

test('limits on everything a stranger controls: a connection that sends far ahead of its answers is cut off', async () => {
  const request = 'GET /openapi.yaml HTTP/1.1\r\nHost: sts\r\n\r\n';
  const { statuses } = await sendRaw(world.url, request.repeat(1500), { end: false });
  expect(statuses.length).toBeLessThan(1500);
  expect((await world.exchange(await world.token())).status).toBe(200);
});

test('callers that never finish their request delay nobody else', async () => {
  const slow = Array.from({ length: 15 }, connection);
  const head = 'POST /exchange HTTP/1.1\r\nHost: sts\r\nContent-Length: 9\r\n\r\n';
  for (const socket of slow) await new Promise((resolve) => socket.write(head, resolve));
  for (let n = 0; n < 5; n++) {
    expect((await world.exchange(await world.token())).status).toBe(200);
  }
  for (const socket of slow) socket.destroy();
});

test('connections beyond the limit are closed, and new ones are accepted when others end', async () => {
  const idle = Array.from({ length: 40 }, connection);
  await Promise.race(idle.map((socket) => once(socket, 'close')));
  for (const socket of idle) socket.destroy();
  const answered = async () => {
    const token = await world.token();
    return (await world.exchange(token).catch(() => undefined))?.status === 200;
  };
  expect(await eventually(answered)).toBe(true);
});

test('an unknown path answers without waiting for a body', async () => {
  const { statuses } = await sendRaw(
    world.url,
    'PUT /nope HTTP/1.1\r\nHost: sts\r\nContent-Type: application/json\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{',
    { end: false },
  );
  expect(statuses[0]).toBe(404);
});

test('limits on everything a stranger controls: one address has its share of the connections', async () => {
  await using roomy = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      // 400 connections, 100 of them for one address.
      tree['limits'] = { concurrency: 40 };
    },
  });
  const { hostname, port } = new URL(roomy.url);
  const open = Array.from({ length: 150 }, () =>
    connect({ host: hostname, port: Number(port) }).on('error', () => {}),
  );
  await eventually(() => open.filter(({ closed }) => closed).length >= 50);
  expect(open.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(100);
  for (const socket of open) socket.destroy();
});
