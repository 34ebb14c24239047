import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { JWT_TYPE, TOKEN_EXCHANGE } from '../../support/service-world.ts';
import { adminRequest } from '../admin/admin-client.ts';
import { answerOf, problem } from '../answers.ts';
import { type OAuthWorld, startOAuthWorld } from '../oauth/oauth-world.ts';

/** What clients put where: empty bodies, `null`, parameters in the URL. On every route that takes a body. */

let world: OAuthWorld;
let token: string;
const url = () => world.service.url;

beforeAll(async () => {
  world = await startOAuthWorld((tree) => {
    tree.admin = [{ issuer: 'dev', match: { sub: 'orders' } }];
  });
  token = await world.service.token();
});
afterAll(() => world[Symbol.asyncDispose]());

const TYPES = [
  'application/json',
  'Application/JSON; Charset=UTF-8',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  '',
];
const WITHOUT_NAME = [...TYPES, 'json', ';;;'];

/** Sends `body` as it is; answers with status and JSON. */
async function raw(path: string, headers: readonly string[], body = '') {
  const { text, statuses } = await sendRaw(
    url(),
    [
      `POST ${path} HTTP/1.1`,
      'Host: sts',
      `Authorization: Bearer ${token}`,
      'Connection: close',
      ...headers,
      '',
      body,
    ].join('\r\n'),
    { end: false },
  );
  return { status: statuses[0], text };
}

const ROUTES: readonly (readonly [path: string, status: number, says: string])[] = [
  ['/exchange', 200, '"jwt"'],
  ['/admin/keys/rotate', 202, '"requested"'],
  ['/admin/revocations', 400, 'reason'],
  [`/admin/keys/${createKeyPair('account').publicKey}/revoke`, 400, 'reason'],
  ['/token', 400, 'The parameter grant_type is missing.'],
  ['/introspect', 401, 'The client_id must be nats-sts.'],
  ['/revoke', 401, 'The client_id must be nats-sts.'],
  ['/device_authorization', 401, 'The client_id must be nats-sts.'],
];

describe.each(ROUTES)('an empty body at %s', (path, status, says) => {
  test.each(WITHOUT_NAME)('counts as no body, with the content type "%s"', async (type) => {
    for (const length of [['Content-Length: 0'], []]) {
      const answer = await raw(path, [`Content-Type: ${type}`, ...length]);
      expect(answer).toMatchObject({ status, text: expect.stringContaining(says) });
    }
  });

  test.each(TYPES.filter((type) => type !== ''))(
    'counts as no body when it is chunked, with the content type "%s"',
    async (type) => {
      const headers = [`Content-Type: ${type}`, 'Transfer-Encoding: chunked'];
      const answer = await raw(path, headers, '0\r\n\r\n');
      expect(answer).toMatchObject({ status, text: expect.stringContaining(says) });
    },
  );

  test('counts as no body, without a content type', async () => {
    expect(await raw(path, ['Content-Length: 0'])).toMatchObject({ status });
    expect(await raw(path, [])).toMatchObject({ status });
    expect(await raw(path, ['Transfer-Encoding: chunked'], '0\r\n\r\n')).toMatchObject({ status });
  });
});

test.each(['\n', '  ', '\uFEFF', '\uFEFF\r\n'])(
  'whitespace (%j) is an empty body',
  async (body) => {
    for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
      const headers = { 'content-type': type, authorization: `Bearer ${token}` };
      const response = await fetch(`${url()}/exchange`, { method: 'POST', headers, body });
      expect(response.status).toBe(200);
    }
  },
);

test('a byte order mark before JSON is accepted', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = '\uFEFF{"ttl": 60}';
  const response = await fetch(`${url()}/exchange`, { method: 'POST', headers, body });
  expect(await response.json()).toMatchObject({ expires_in: 60 });
});

test.each([
  '{"role":"viewer","role":"publisher"}',
  String.raw`{"role":"viewer","rol\u0065":"publisher"}`,
])('a repeated member is refused: %s', async (body) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  for (const path of ['/exchange', '/admin/keys/rotate']) {
    const answer = await answerOf(await fetch(url() + path, { method: 'POST', headers, body }));
    expect(answer).toEqual(problem(400, 'invalid_request', 'parameter_repeated'));
  }
});

test.each(['/exchange', '/admin/keys/rotate'])(
  'two Authorization headers are refused at %s',
  async (path) => {
    const { text } = await sendRaw(
      url(),
      [
        `POST ${path} HTTP/1.1`,
        'Host: sts',
        `Authorization: Bearer ${token}`,
        `Authorization: Bearer ${token}`,
        'Content-Length: 0',
        'Connection: close',
        '',
        '',
      ].join('\r\n'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('parameter_repeated');
  },
);

describe('null in JSON', () => {
  const exchange = (body: object) =>
    fetch(`${url()}/exchange`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('counts as left out at /exchange', async () => {
    const response = await exchange({ token: null, role: null, ttl: null, nkey: null });
    expect(await response.json()).toMatchObject({ role: 'publisher', expires_in: 900 });
  });

  test('counts as left out in the target of an admin route', async () => {
    const revoke = {
      issuer: null,
      subject: null,
      nkey: null,
      role: 'viewer',
      binding: null,
      reason: 'a test',
      dry_run: true,
    };
    const revoked = await adminRequest(url(), 'POST /admin/revocations', { token, body: revoke });
    expect(await revoked.json()).toMatchObject({ target: { role: 'viewer' }, block: false });
    const body = { reason: null };
    for (const path of ['revocations', `keys/${createKeyPair('account').publicKey}/revoke`]) {
      const refused = await adminRequest(url(), `POST /admin/${path}`, { token, body });
      const answer = await answerOf(refused);
      expect(answer).toEqual(problem(400, 'invalid_request', 'parameter_invalid'));
      expect(JSON.stringify(answer.body)).toContain('reason must be a string');
    }
  });

  test.each([
    ['keys/rotate', { account: null }],
    ['keys/rotate', { role: null }],
    ['revocations', { role: 'viewer', reason: 'a test', dry_run: null }],
    ['revocations', { role: 'viewer', reason: 'a test', dry_run: true, block: null }],
  ])('is refused at /admin/%s where it would widen the action: %j', async (path, body) => {
    const answer = await answerOf(
      await adminRequest(url(), `POST /admin/${path}`, { token, body }),
    );
    expect(answer).toEqual(problem(400, 'invalid_request', 'parameter_invalid'));
  });

  test('is refused for an unknown member', async () => {
    const answer = await answerOf(await exchange({ rolle: null }));
    expect(answer).toEqual(problem(400, 'invalid_request', 'parameter_invalid'));
    expect(JSON.stringify(answer.body)).toContain('the body must not have rolle');
  });

  test.each([{ role: ['viewer'] }, { ttl: [60] }, { token: ['x'] }, { nkey: {} }])(
    'a list or object instead of a value is refused, and the message names the member: %j',
    async (body) => {
      const answer = await answerOf(await exchange(body));
      expect(answer).toEqual(problem(400, 'invalid_request', 'parameter_invalid'));
      expect(JSON.stringify(answer.body)).toContain(`${Object.keys(body)[0]} must be a`);
    },
  );
});

test('a token in the body may have whitespace around it', async () => {
  for (const spaced of [`${token}\n`, ` ${token}\r\n`, `\uFEFF${token}`]) {
    const response = await fetch(`${url()}/exchange`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: spaced }),
    });
    expect(response.status).toBe(200);
  }
});

test('whitespace alone is not a token', async () => {
  const response = await fetch(`${url()}/exchange`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: ' \n' }),
  });
  expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'token_missing'));
});

test.each(['same', 'other'])(
  'a token in header and body is refused (the %s one)',
  async (which) => {
    const response = await fetch(`${url()}/exchange`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ token: which === 'same' ? token : 'a.b.c' }),
    });
    expect(await answerOf(response)).toEqual(problem(400, 'invalid_request', 'parameter_repeated'));
  },
);

test.each([
  '/exchange?role=viewer',
  '/exchange?ttl=60&nkey=x',
  '/exchange?token=a.b.c',
  '/exchange?=',
  '/token?grant_type=x',
  '/introspect?token=x',
  '/revoke?token=x',
  '/device_authorization?scope=viewer',
  '/admin/keys?account=APP',
  '/admin/keys/rotate?account=APP',
  '/admin/revocations?dry_run=true',
  '/admin/credentials?rolle=viewer',
])('parameters in the URL are refused and never ignored: %s', async (path) => {
  const method = /(?:keys|credentials)\?/.test(path) ? 'GET' : 'POST';
  const response = await fetch(url() + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(400);
  const [, name = ''] = /\?(\w*)/.exec(path) ?? [];
  expect(await response.text()).toContain(name);
});

test('text from the URL is not shown', async () => {
  for (const name of ['%3Cb%3Exyzzy', 'XYZZY', 'eyJxyzzy.']) {
    const response = await fetch(`${url()}/exchange?${name}=xyzzy`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect((await response.text()).toLowerCase()).not.toContain('xyzzy');
  }
});

test('a question mark with nothing after it is not a parameter', async () => {
  const form = {
    grant_type: TOKEN_EXCHANGE,
    subject_token: token,
    subject_token_type: JWT_TYPE,
  };
  expect((await world.post('/token?', form)).status).toBe(200);
});

describe('OAuth routes for the command line', () => {
  test('name the limit that made a lifetime shorter than requested', async () => {
    const code = await world.code(world.session(), { ttlSeconds: 7200 });
    const response = await world.post('/token', {
      grant_type: 'authorization_code',
      client_id: 'nats-sts',
      code: `${code}\n`,
      redirect_uri: 'http://127.0.0.1:49152/callback',
      code_verifier: 'v'.repeat(43),
    });
    const first = (await response.json()) as { refresh_token: string };
    expect(first).toMatchObject({ expires_in: 3600, ttl_capped_by: 'role' });
    const again = (ttl: string, refresh_token: string) =>
      world.post('/token', {
        grant_type: 'refresh_token',
        client_id: 'nats-sts',
        refresh_token,
        nkey: createKeyPair('user').publicKey,
        ttl,
      });
    const second = (await (await again('3601', `${first.refresh_token}\n`)).json()) as typeof first;
    expect(second).toMatchObject({ ttl_capped_by: 'role' });
    const third = await (await again('60', second.refresh_token)).json();
    expect(third).toMatchObject({ expires_in: 60 });
    expect(third).not.toHaveProperty('ttl_capped_by');
  });
});
