import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendRaw } from '../../support/raw-http.ts';
import { startServiceWorld, type ServiceWorld } from '../../support/service-world.ts';

/** Bytes that are hardly HTTP, and clients that take their time: an answer in 4xx or a closed connection. */

let world: ServiceWorld;
/** Waits for a request no longer than a second. */
let impatient: ServiceWorld;
let token: string;

beforeAll(async () => {
  world = await startServiceWorld({ nats: false });
  impatient = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.limits = { request: '1s' };
    },
  });
  token = await world.token();
  await world.credential(token);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await impatient?.[Symbol.asyncDispose]();
});

const send = (...args: readonly [string | Uint8Array, { end?: boolean }?]) =>
  sendRaw(world.url, ...args);

const post = (headers: string, body = '') =>
  `POST /exchange HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n${headers}\r\n${body}`;
const JSON_BODY = 'Content-Type: application/json\r\n';
const bearer = () => `Authorization: Bearer ${token}\r\n`;

function bodyOf(text: string): unknown {
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
}

describe('bytes that are not HTTP', () => {
  test.each<[string, string | Uint8Array]>([
    ['binary', Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10])],
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['a method of no standard', 'BREW /exchange HTTP/1.1\r\nHost: sts\r\n\r\n'],
    ['a blank in the path', 'GET /live z HTTP/1.1\r\nHost: sts\r\n\r\n'],
    ['a header without a colon', 'GET /livez HTTP/1.1\r\nHost sts\r\n\r\n'],
    ['a NUL in a header', 'GET /livez HTTP/1.1\r\nHost: s\u0000ts\r\n\r\n'],
    ['a folded header', 'GET /livez HTTP/1.1\r\nHost: sts\r\nX: a\r\n\tb\r\n\r\n\r\nx'],
    ['chunks of nonsense', post(`${JSON_BODY}Transfer-Encoding: chunked\r\n`, 'ZZ\r\n{}\r\n')],
    [
      'a chunk of excessive length',
      post(`${JSON_BODY}Transfer-Encoding: chunked\r\n`, `${'f'.repeat(17)}\r\n`),
    ],
    [
      'both lengths (request smuggling)',
      post(`${JSON_BODY}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n`, '0\r\n\r\n'),
    ],
    ['two lengths', post(`${JSON_BODY}Content-Length: 2\r\nContent-Length: 3\r\n`, '{}')],
    ['a negative length', post(`${JSON_BODY}Content-Length: -1\r\n`)],
    ['a length in letters', post(`${JSON_BODY}Content-Length: two\r\n`, '{}')],
    ['an encoding that ends in none we know', post('Transfer-Encoding: chunked, gzip\r\n')],
    ['a body cut short', post(`${JSON_BODY}Content-Length: 200\r\n`, '{"role":')],
  ])('%s: 400 in our form, and the connection is closed', async (_, bytes) => {
    const { text, statuses } = await send(bytes);
    expect(statuses).toEqual([400]);
    expect(bodyOf(text)).toEqual({
      type: 'urn:nats-sts:error:invalid_request',
      title: 'Bad Request',
      status: 400,
      detail: expect.any(String),
      code: 'invalid_request',
      reason: 'request_malformed',
      request_id: expect.any(String),
    });
    expect(text).toMatch(/^Content-Type: application\/problem\+json\r$/m);
    expect(text).toMatch(/^Cache-Control: no-store\r$/m);
  });

  test('a request without a Host is a 400', async () => {
    expect((await send('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')).statuses).toEqual([
      400,
    ]);
  });

  test('CONNECT opens no tunnel', async () => {
    const { text } = await send('CONNECT example.com:443 HTTP/1.1\r\nHost: sts\r\n\r\n');
    expect(text).not.toMatch(/^HTTP\/1\.1 2/);
  });
});

describe('limits on everything a stranger controls: headers', () => {
  test.each([
    ['one of excessive length', `X: ${'x'.repeat(40_000)}\r\n`],
    ['thousands of them', 'X: y\r\n'.repeat(10_000)],
    ['a token of excessive length', `Authorization: Bearer ${'x'.repeat(40_000)}\r\n`],
  ])('beyond the limit (%s): 431 in our form', async (_, headers) => {
    const { text, statuses } = await send(post(headers));
    expect(statuses).toEqual([431]);
    expect(bodyOf(text)).toMatchObject({ status: 431, code: 'invalid_request' });
  });

  test('a token of the largest allowed size still fits, and is checked', async () => {
    const { text, statuses } = await send(post(`Authorization: Bearer ${'x'.repeat(16_384)}\r\n`));
    expect(statuses).toEqual([401]);
    expect(bodyOf(text)).toMatchObject({ reason: 'token_not_a_jwt' });
  });

  test('a second Authorization header is refused, and neither is tried', async () => {
    for (const headers of [`Authorization: Bearer a.b.c\r\n${bearer()}`, bearer() + bearer()]) {
      const { statuses, text } = await send(post(headers));
      expect(statuses).toEqual([400]);
      expect(text).toContain('parameter_repeated');
    }
  });

  test('bytes that are not ASCII in Authorization are a 400', async () => {
    const bytes = Buffer.from(post('Authorization: Bearer tokén\r\n'), 'latin1');
    expect((await send(bytes)).statuses).toEqual([400]);
  });

  test.each(['gzip', 'br', 'nonsense'])(
    'a body encoded as %s is not decompressed',
    async (encoding) => {
      const body = Buffer.from([31, 139, 8, 0]);
      const head = post(
        `${JSON_BODY}${bearer()}Content-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n`,
      );
      expect((await send(Buffer.concat([Buffer.from(head), body]))).statuses).toEqual([400]);
    },
  );

  test.each(['utf-16', 'x'.repeat(5000), '"', '\t', 'utf-8; charset=utf-7'])(
    'a charset of %j is accepted',
    async (charset) => {
      const head = post(
        `Content-Type: application/json; charset=${charset}\r\n${bearer()}Content-Length: 2\r\n`,
        '{}',
      );
      const [status = 0] = (await send(head)).statuses;
      expect([200, 400, 415]).toContain(status);
    },
  );

  test('a request for an upgrade is not followed', async () => {
    const { statuses } = await send(
      'GET /livez HTTP/1.1\r\nHost: sts\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
    );
    expect(statuses).toEqual([200]);
  });

  test('Expect: 100-continue is answered, and any other expectation is refused', async () => {
    const { statuses } = await send(
      post(`Expect: 100-continue\r\n${bearer()}Content-Length: 0\r\n`),
    );
    expect(statuses).toEqual([100, 200]);
    expect((await send(post('Expect: tea\r\nContent-Length: 0\r\n'))).statuses).toEqual([417]);
  });

  test('a whole URL in the request line is accepted (RFC 9112 §3.2.2)', async () => {
    const line = (method: string) =>
      `${method} http://sts/livez HTTP/1.1\r\nHost: sts\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    expect((await send(line('GET'))).statuses).toEqual([200]);
    expect((await send(line('POST'))).statuses).toEqual([405]);
    expect(
      (await send('OPTIONS * HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n\r\n')).statuses,
    ).toEqual([404]);
  });
});

describe('pipelined requests', () => {
  const keepAlive = (authorization: string) =>
    `POST /exchange HTTP/1.1\r\nHost: sts\r\n${authorization}Content-Length: 0\r\n\r\n`;

  test('are answered in order', async () => {
    const bytes = [bearer(), '', bearer(), 'Authorization: Basic x\r\nConnection: close\r\n'];
    const { statuses } = await send(bytes.map(keepAlive).join(''), { end: false });
    expect(statuses).toEqual([200, 401, 200, 400]);
  });

  test('a body longer than its Content-Length is a broken next request', async () => {
    const bytes = `${keepAlive(bearer())}{"role":"publisher"}\r\n\r\n`;
    const { statuses } = await send(bytes);
    expect(statuses.at(-1)).toBe(400);
    expect(statuses.length).toBeLessThanOrEqual(2);
  });
});

describe.concurrent('limits on everything a stranger controls: time', () => {
  test.each([
    ['says nothing after its first header', 'POST /exchange HTTP/1.1\r\nHost: sts\r\n'],
    ['begins a body and stops', post(`${JSON_BODY}Content-Length: 100\r\n`, '{"role":')],
    ['begins a chunk and stops', post(`${JSON_BODY}Transfer-Encoding: chunked\r\n`, '5\r\n{"')],
    [
      'asks whether to go on and does not',
      post(`${JSON_BODY}Expect: 100-continue\r\nContent-Length: 9\r\n`),
    ],
  ])('a client times out if it %s', async (_, bytes) => {
    const { statuses } = await sendRaw(impatient.url, bytes, { end: false });
    expect(statuses.at(-1)).toBe(408);
  });

  test('a client that sends a byte now and then has no more time than others', async () => {
    const { hostname, port } = new URL(impatient.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(post(`${JSON_BODY}Content-Length: 60000\r\n`, '{"role":"'));
    const drip = setInterval(() => socket.write('x'), 50);
    await once(socket, 'close');
    clearInterval(drip);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a client that connects and sends nothing times out', async () => {
    const { text } = await sendRaw(impatient.url, '', { end: false });
    expect(text).toMatch(/^(?:HTTP\/1\.1 408 [\s\S]*)?$/);
  });

  test('a client that sends much and reads no answer delays nobody else', async () => {
    const { hostname, port } = new URL(world.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.pause();
    socket.write(post(`${JSON_BODY}Content-Length: 70000\r\n`, 'x'.repeat(70_000)));
    socket.write('GET /livez HTTP/1.1\r\nHost: sts\r\n\r\n'.repeat(1000));
    expect((await fetch(`${world.url}/livez`)).status).toBe(200);
    socket.destroy();
  });

  test('a client that goes away in the middle of its request leaves no fault in the log', async () => {
    for (const bytes of [
      post(`${JSON_BODY}Content-Length: 100\r\n`, '{'),
      'POST /exch',
      keepOpen(),
    ]) {
      const { hostname, port } = new URL(world.url);
      const socket = connect({ host: hostname, port: Number(port) });
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.resetAndDestroy();
    }
    expect((await world.exchange(token)).status).toBe(200);
    expect(world.log.text()).not.toContain('a request failed');
  });

  const keepOpen = () =>
    `POST /exchange HTTP/1.1\r\nHost: sts\r\n${bearer()}Content-Length: 0\r\n\r\n`;
});

test('the service still works, and counted no fault', async () => {
  expect((await world.exchange(token)).status).toBe(200);
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  expect(metrics).toMatch(/^nats_sts_faults_total 0$/m);
});
