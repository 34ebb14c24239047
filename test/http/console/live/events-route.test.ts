import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import type { Browser } from '../../../support/people.ts';
import { adminRequest } from '../../admin/admin-client.ts';
import { BEN, type ConsoleWorld, OLGA, someone, startConsoleWorld } from '../console-world.ts';

let world: ConsoleWorld;
beforeAll(async () => {
  world = await startConsoleWorld((tree) => {
    tree.admin.push({ issuer: 'dev', match: { sub: 'admin' } });
  });
});
afterAll(() => world[Symbol.asyncDispose]());

interface Listener extends Disposable {
  /** All that came over the socket, headers too. */
  text(): string;
  /** Parts that were said to have changed. */
  changed(): string[];
  readonly closed: Promise<void>;
}

/** A browser's EventSource on a socket of its own. */
async function listen(
  browser: Browser,
  { url = world.url, headers = {} }: { url?: string; headers?: Record<string, string> } = {},
): Promise<Listener> {
  const { hostname, port } = new URL(url);
  const cookie = browser.cookies.headerFor(new URL(url));
  const all = { host: `${hostname}:${port}`, accept: 'text/event-stream', cookie, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const closed = Promise.withResolvers<void>();
  let text = '';
  const socket: Socket = connect(Number(port), hostname);
  socket.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => socket.destroy()).on('close', () => closed.resolve());
  socket.write(`GET /console/events HTTP/1.1\r\n${lines.join('')}\r\n`);
  await eventually(() => text.includes('event: hello') || /^HTTP\/1.1 [^2]/.test(text));
  return {
    text: () => text,
    changed: () => [...text.matchAll(/event: changed\ndata: (\w+)/g)].map(([, part]) => part!),
    closed: closed.promise,
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

test('every listener gets each change, by the part that it concerns', async () => {
  const { browser } = await world.visit(OLGA.name);
  using one = await listen(browser);
  using other = await listen(browser);
  expect(one.text()).toContain('content-type: text/event-stream');
  expect(one.text().toLowerCase()).toContain('cache-control: no-store');
  await world.credential(await world.token({ sub: someone() }));
  for (const listener of [one, other]) {
    await eventually(() => listener.changed().includes('credentials'));
    expect(listener.changed()).toContain('activity');
  }
  const token = await world.token({ sub: 'admin' });
  await adminRequest(world.url, 'POST /admin/keys/rotate', { token, body: {} });
  await eventually(() => one.changed().includes('keys'));
  const body = { issuer: 'dev', subject: someone(), reason: 'test' };
  await adminRequest(world.url, 'POST /admin/revocations', { token, body });
  await eventually(() => one.changed().includes('revocations'));
});

test('it sends only names of parts', async () => {
  const { browser } = await world.visit(OLGA.name);
  using listener = await listen(browser);
  const who = someone();
  await world.credential(await world.token({ sub: who }));
  await eventually(() => listener.changed().includes('activity'));
  expect(listener.text()).not.toContain(who);
});

test('a listener that reconnects with the ID of an old event is accepted', async () => {
  const { browser } = await world.visit(OLGA.name);
  using listener = await listen(browser, { headers: { 'last-event-id': '99999' } });
  expect(listener.text()).toContain('event: hello');
});

test.each(['*/*', 'text/*;q=0.5', 'application/json, Text/Event-Stream'])(
  'it answers a client that accepts %s',
  async (accept) => {
    const { browser } = await world.visit(OLGA.name);
    using listener = await listen(browser, { headers: { accept } });
    expect(listener.text()).toContain('event: hello');
  },
);

test('a signed-in client that accepts no events gets a page that says so', async () => {
  const { browser } = await world.visit(OLGA.name);
  const ask = (cookie: string) =>
    fetch(`${world.url}/console/events`, { headers: { cookie, accept: 'application/json' } });
  const answer = await ask(browser.cookies.headerFor(new URL(world.url)));
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    406,
    'text/html; charset=utf-8',
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.text()).toMatch(/This is not a page[^]*<code class="all">[0-9a-f-]{36}</);
  expect((await ask('')).status).toBe(401);
});

test('it is for administrators who are signed in', async () => {
  const { browser: ben } = await world.visit(BEN.name);
  using denied = await listen(ben);
  expect(denied.text()).toContain('HTTP/1.1 403');
  ben.cookies.clear();
  using stranger = await listen(ben);
  expect(stranger.text()).toContain('HTTP/1.1 401');
});

test('it ends with the session', async () => {
  const { browser, page } = await world.visit(OLGA.name);
  using listener = await listen(browser);
  await page.press('Sign out');
  await world.credential(await world.token({ sub: someone() }));
  await listener.closed;
  expect(listener.text()).toContain('event: over');
  expect(listener.changed()).toEqual([]);
});

test('it ends when the person is no longer an administrator', async () => {
  await using other = await startConsoleWorld();
  const { browser } = await other.visit(OLGA.name);
  using listener = await listen(browser, { url: other.url });
  await other.configure((tree) => {
    tree.admin[0].match = { groups: 'nobody' };
  });
  expect(other.service.reload()).toBe(true);
  await listener.closed;
  expect(listener.text()).toContain('event: over');
  expect(other.audit({ reason: 'not_admin' })).toMatchObject([{ identity: { subject: OLGA.id } }]);
});

test('the service stops without waiting for listeners', async () => {
  const stopping = await startConsoleWorld();
  const { browser } = await stopping.visit(OLGA.name);
  using listener = await listen(browser, { url: stopping.url });
  const stopped = stopping[Symbol.asyncDispose]();
  await listener.closed;
  await stopped;
  expect(listener.text()).toContain('event: hello');
});

test('the number of listeners is limited, to ten for one session, and others are told to retry later', async () => {
  await using listeners = new AsyncDisposableStack();
  const listenTenTimes = async () => {
    const { browser } = await world.visit(OLGA.name);
    let taken = 0;
    for (let n = 0; n < 10; n += 1) {
      const listener = await listen(browser);
      listeners.defer(() => listener[Symbol.dispose]());
      taken += listener.text().includes('event: hello') ? 1 : 0;
    }
    return { browser, taken };
  };
  const expectRefused = async (browser: Browser) => {
    using late = await listen(browser);
    expect(late.text()).toContain('HTTP/1.1 503');
    expect(late.text().toLowerCase()).toContain('retry-after: 30');
  };
  const { browser, taken } = await listenTenTimes();
  expect(taken).toBe(10);
  await expectRefused(browser);
  for (let n = 0; n < 9; n += 1) expect((await listenTenTimes()).taken).toBe(10);
  await expectRefused((await world.visit(OLGA.name)).browser);
  await listeners.disposeAsync();
  await eventually(async () => {
    using next = await listen(browser);
    return next.text().includes('event: hello');
  });
});
