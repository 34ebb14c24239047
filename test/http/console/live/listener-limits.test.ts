import { connect, type AddressInfo, type Socket } from 'node:net';
import accepts from '@fastify/accepts';
import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundConnections } from '../../../../src/http/limits/connections.ts';
import type { ConsolePart, ConsolePageDeps } from '../../../../src/http/console/deps.ts';
import { eventsRoute } from '../../../../src/http/console/live/events-route.ts';
import type { Identity } from '../../../../src/identity/identity.ts';
import { eventually } from '../../../support/eventually.ts';

/** Who listens to the news, with two places in all and a door that opens when the test says so. */

const PLACES = 2;

async function startNews() {
  const followers = new Set<(part: ConsolePart) => void>();
  const door = { asked: 0, open: Promise.withResolvers<void>() };
  const identity = { issuerName: 'acme', subject: 'olga', claims: {} } as Partial<Identity>;
  const parts = {
    live: () => ({ publicUrl: 'http://127.0.0.1', contact: undefined }),
    limitAddress: async () => undefined,
    limitIdentity: async () => undefined,
    login: {
      logins: { open: async () => ({ identity }) },
      isAdmin: () => true,
      branding: () => ({ name: 'Acme NATS' }),
    },
    console: {
      admin: {
        authenticate: async () => {
          door.asked += 1;
          await door.open.promise;
          return { identity, requestId: 'r', address: '127.0.0.1' };
        },
      },
      follow: (listener: (part: ConsolePart) => void) => {
        followers.add(listener);
        return () => followers.delete(listener);
      },
    },
    answers: { forget: () => undefined },
  };
  const app = Fastify();
  boundConnections(app, { total: 100, perNetwork: undefined });
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.register(accepts);
  await app.register(cookie);
  eventsRoute(app, parts as unknown as ConsolePageDeps, { maxListeners: PLACES });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    app,
    door,
    followers,
    /** Of the service: connections that are open. */
    connections: () => sockets.size,
    /** Asks for the news, `times` one behind the other on one connection. */
    ask: (method: 'GET' | 'HEAD' = 'GET', times = 1) => {
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      const answer = { text: '', socket };
      socket.on('data', (chunk) => (answer.text += String(chunk))).on('error', () => undefined);
      const lines = `${method} /console/events HTTP/1.1\r\nhost: a\r\ncookie: nats-sts-session=1.x\r\n\r\n`;
      socket.write(lines.repeat(times));
      return answer;
    },
  };
}

let news: Awaited<ReturnType<typeof startNews>>;
beforeEach(async () => {
  news = await startNews();
});
afterEach(async () => {
  news.door.open.resolve();
  await news.app.close();
});

test('a listener that leaves before it is admitted takes no place', async () => {
  const early = Array.from({ length: PLACES }, () => news.ask());
  await eventually(() => news.door.asked === PLACES);
  for (const { socket } of early) socket.destroy();
  await eventually(() => news.connections() === 0);
  news.door.open.resolve();
  const late = Array.from({ length: PLACES }, () => news.ask());
  await eventually(() => late.every(({ text }) => text.includes('HTTP/1.1')));
  expect(late.map(({ text }) => text.slice(9, 12))).toEqual(['200', '200']);
  await eventually(() => news.followers.size === PLACES);
});

test('simultaneous listeners get exactly the available places', async () => {
  const all = Array.from({ length: 3 * PLACES }, () => news.ask());
  await eventually(() => news.door.asked === 3 * PLACES);
  news.door.open.resolve();
  await eventually(() => all.every(({ text }) => text.includes('HTTP/1.1')));
  expect(all.map(({ text }) => text.slice(9, 12)).toSorted()).toEqual([
    ...Array.from({ length: PLACES }, () => '200'),
    ...Array.from({ length: 2 * PLACES }, () => '503'),
  ]);
  expect(news.followers.size).toBe(PLACES);
});

test('repeated requests on one connection take one place, and release it', async () => {
  news.door.open.resolve();
  const greedy = news.ask('GET', 20);
  await eventually(() => greedy.text.includes('event: hello') && news.door.asked > 1);
  expect(news.followers.size).toBe(1);
  greedy.socket.destroy();
  await eventually(() => news.connections() === 0);
  expect(news.followers.size).toBe(0);
});

test('a place is released once when its listener leaves', async () => {
  news.door.open.resolve();
  for (let round = 0; round < 3 * PLACES; round += 1) {
    const { socket } = await heard();
    socket.destroy();
    await eventually(() => news.connections() === 0);
  }
  await Promise.all([heard(), heard()]);
  const late = news.ask();
  await eventually(() => late.text.includes('HTTP/1.1'));
  expect(late.text).toContain('HTTP/1.1 503');
});

async function heard() {
  const answer = news.ask();
  await eventually(() => answer.text.includes('event: hello'));
  return answer;
}

test('a listener that is admitted while the service stops does not delay it', async () => {
  const listener = news.ask();
  await eventually(() => news.door.asked === 1);
  const stopped = news.app.close();
  await eventually(() => !news.app.server.listening);
  news.door.open.resolve();
  await stopped;
  await eventually(() => news.connections() === 0);
  expect(listener.text).toContain('HTTP/1.1 503');
});

test('HEAD opens no stream', async () => {
  news.door.open.resolve();
  const head = news.ask('HEAD');
  await eventually(() => head.text.includes('HTTP/1.1'));
  expect(head.text).toContain('HTTP/1.1 404');
  expect(news.followers.size).toBe(0);
});
