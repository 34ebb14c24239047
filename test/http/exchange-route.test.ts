import { decode } from '@nats-io/jwt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { startServiceWorld, type ServiceWorld } from '../support/service-world.ts';
import { answerOf, problem } from './answers.ts';

let world: ServiceWorld;
let token: string;

beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    accounts: { APP: {}, LAB: { scopes: { scientist: {} } } },
    configure: (tree) => {
      tree.roles.viewer = { account: 'APP', subscribe: { allow: ['orders.>'] } };
      tree.roles.scientist = { account: 'LAB' };
      tree.roles.huge = {
        account: 'APP',
        publish: {
          allow: Array.from({ length: 20 }, (_, n) => `teams.{{claims.team}}.${n}`),
        },
      };
      tree.roles.personal = { account: 'APP', publish: { allow: ['people.{{claims.email}}'] } };
      tree.roles.others = { account: 'APP' };
      tree.roles.asker = { account: 'APP', subscribe: { allow: ['_INBOX_{{subject}}.>'] } };
      tree.bindings[0].roles = ['publisher', 'viewer', 'scientist', 'huge', 'personal', 'asker'];
      tree.accounts.LAB.signingKeys.splice(1);
    },
  });
  token = await world.token({ team: 'x'.repeat(200) });
});
afterAll(() => world[Symbol.asyncDispose]());

/** `POST /exchange` as it is written here, header by header. */
function post(init: Omit<RequestInit, 'method'>): Promise<Response> {
  return fetch(`${world.url}/exchange`, { ...init, method: 'POST' });
}

const json = { 'content-type': 'application/json' };

describe('a credential', () => {
  test('is JSON with everything that a client needs', async () => {
    const response = await world.exchange(token);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toEqual({
      jwt: expect.any(String),
      seed: expect.stringMatching(/^SU[A-Z2-7]{56}$/),
      creds: expect.any(String),
      role: 'publisher',
      account: world.trust.account('APP').key.publicKey,
      subject: expect.stringMatching(/^U[A-Z2-7]{55}$/),
      issuer: world.trust.account('APP').signingKey.publicKey,
      issued_at: expect.any(Number),
      expires_at: expect.any(Number),
      expires_in: 900,
      servers: ['nats://127.0.0.1:4222'],
    });
    expect(body['creds']).toContain(body['jwt']);
    expect(body['creds']).toContain(body['seed']);
    expect(decode(String(body['jwt']))).toMatchObject({
      iat: body['issued_at'],
      exp: body['expires_at'],
      sub: body['subject'],
      iss: body['issuer'],
    });
  });

  test.each([
    ['text/plain', 'text/plain; charset=utf-8'],
    ['TEXT/plain', 'text/plain; charset=utf-8'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['text/plain;charset=UTF-8, */*;q=0.1', 'text/plain; charset=utf-8'],
    ['application/json; charset=utf-8, text/plain;q=0.9', 'application/json; charset=utf-8'],
    ['*/*, text/plain', 'text/plain; charset=utf-8'],
    ['text/plain, application/json;q=0.5', 'text/plain; charset=utf-8'],
    ['application/json;q=0.5, text/plain', 'text/plain; charset=utf-8'],
    ['text/plain;q=0.1, application/json', 'application/json; charset=utf-8'],
    ['application/json, text/plain', 'application/json; charset=utf-8'],
    ['text/plain;q=nonsense', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['image/png', 'application/json; charset=utf-8'],
    ['text/*', 'text/plain; charset=utf-8'],
    ['text/*;q=0.1, application/json;q=0.2', 'application/json; charset=utf-8'],
    ['application/json;q=0, */*', 'text/plain; charset=utf-8'],
    ['text/plain;q=0, text/*', 'application/json; charset=utf-8'],
    ['text/plain;q=0, */*', 'application/json; charset=utf-8'],
    ['application/json, text/plain, */*', 'application/json; charset=utf-8'],
    ['text/plain, */*;q=0.01', 'text/plain; charset=utf-8'],
    ['text/html, application/xml;q=0.9, */*;q=0.8', 'application/json; charset=utf-8'],
    ['*/*;q=0', 'application/json; charset=utf-8'],
  ])('requested with Accept: %s is sent as %s', async (accept, type) => {
    const response = await world.exchange(token, { accept });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('vary')).toBe('accept');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    expect(text.startsWith('-----BEGIN NATS USER JWT-----\n')).toBe(type.startsWith('text/plain'));
  });

  test('for a role with its own inbox names the prefix, in JSON and beside .creds', async () => {
    const answer = await world.credential(token, { role: 'asker' });
    expect(answer).toMatchObject({ inbox_prefix: '_INBOX_orders' });
    const creds = await world.exchange(token, { role: 'asker', accept: 'text/plain' });
    expect(creds.headers.get('inbox-prefix')).toBe('_INBOX_orders');
    expect(await world.credential(token)).not.toHaveProperty('inbox_prefix');
  });

  test('for the caller’s own nkey contains no seed, in either form', async () => {
    const nkey = createKeyPair('user').publicKey;
    const body = (await (await world.exchange(token, { nkey })).json()) as object;
    expect(body).toMatchObject({ subject: nkey });
    expect(Object.keys(body)).not.toContain('seed');
    expect(Object.keys(body)).not.toContain('creds');
    const plain = await (await world.exchange(token, { nkey, accept: 'text/plain' })).text();
    expect(decode(plain.trim())).toMatchObject({ sub: nkey });
    expect(plain).not.toContain('SEED');
  });

  test('can also be requested with the token in the body', async () => {
    const response = await post({ headers: json, body: JSON.stringify({ token, role: 'viewer' }) });
    expect(await response.json()).toMatchObject({ role: 'viewer' });
  });

  test('lives as long as requested, up to the maximum of the role', async () => {
    expect(await world.credential(token, { ttl: 60 })).toMatchObject({ expires_in: 60 });
    expect(await world.credential(token, { ttl: 86_400 })).toMatchObject({ expires_in: 900 });
  });

  test('that expires sooner than requested names the limit, in JSON and beside .creds', async () => {
    expect(await world.credential(token, { ttl: 901 })).toMatchObject({ ttl_capped_by: 'role' });
    for (const ask of [{}, { ttl: 900 }, { ttl: 60 }]) {
      expect(await world.credential(token, ask)).not.toHaveProperty('ttl_capped_by');
    }
    const accept = 'text/plain';
    const capped = await world.exchange(token, { accept, ttl: 901 });
    expect(capped.headers.get('ttl-capped-by')).toBe('role');
    const whole = await world.exchange(token, { accept, ttl: 900 });
    expect(whole.headers.get('ttl-capped-by')).toBeNull();
  });

  test('that expires with its token says so, if a longer lifetime was requested', async () => {
    await world.configure((tree) => {
      tree.issuers.dev.capToTokenExpiry = true;
    });
    expect(world.service.reload()).toBe(true);
    const short = await world.token({ exp: Math.floor(Date.now() / 1000) + 300 });
    expect(await world.credential(short, { ttl: 600 })).toMatchObject({ ttl_capped_by: 'token' });
    expect(await world.credential(short, { ttl: 60 })).not.toHaveProperty('ttl_capped_by');
    await world.configure((tree) => {
      delete tree.issuers.dev.capToTokenExpiry;
    });
    expect(world.service.reload()).toBe(true);
  });

  test.each(['bearer', 'BEARER', 'Bearer ', 'Bearer\t'])(
    'is issued whatever the case and whitespace: "%s"',
    async (scheme) => {
      const response = await post({ headers: { authorization: `${scheme} ${token}` } });
      expect(response.status).toBe(200);
    },
  );

  test('in another account is signed by a key of that account', async () => {
    const { key, scopedKeys } = world.trust.account('LAB');
    expect(await world.credential(token, { role: 'scientist' })).toMatchObject({
      account: key.publicKey,
      issuer: scopedKeys['scientist']?.publicKey,
    });
  });
});

describe('an exchange is refused', () => {
  test('without a token, and the challenge names no error (RFC 6750 §3.1)', async () => {
    const response = await post({});
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="nats-sts"');
    expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'token_missing'));
  });

  test('with an invalid token, and the challenge says why', async () => {
    const response = await world.exchange('a.b.c');
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="nats-sts", error="invalid_token", error_description="[^"\\]+"$/,
    );
    expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'token_malformed'));
  });

  test('for an identity without a binding', async () => {
    const response = await world.exchange(await world.token({ sub: 'nobody' }));
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await answerOf(response)).toEqual(problem(403, 'access_denied', 'no_binding'));
  });

  test.each(['admin', 'others', 'constructor'])(
    'for the role %s that the binding does not give, whether it exists or not',
    async (role) => {
      const response = await world.exchange(token, { role });
      expect(await answerOf(response)).toEqual(problem(403, 'access_denied', 'role_not_allowed'));
    },
  );

  test.each([
    ['huge', 'credential_too_large'],
    ['personal', 'template_claim_missing'],
  ])('for the role %s: %s', async (role, reason) => {
    const response = await world.exchange(token, { role });
    expect(await answerOf(response)).toEqual(problem(403, 'access_denied', reason));
  });

  test.each([
    ['a token twice', { token: 'x.y.z' }, 'parameter_repeated'],
    ['an unknown member', { rolle: 'viewer' }, 'parameter_invalid'],
    ['an empty role', { role: '' }, 'parameter_invalid'],
    ['a role that is a number', { role: 1 }, 'parameter_invalid'],
    ['a role of excessive length', { role: 'r'.repeat(129) }, 'parameter_invalid'],
    ['no lifetime', { ttl: 0 }, 'parameter_invalid'],
    ['a negative lifetime', { ttl: -1 }, 'parameter_invalid'],
    ['half a second', { ttl: 0.5 }, 'parameter_invalid'],
    ['a lifetime in text', { ttl: '60' }, 'parameter_invalid'],
    ['an endless lifetime', { ttl: 1e308 }, 'parameter_invalid'],
    ['an nkey of another kind', { nkey: createKeyPair('account').publicKey }, 'parameter_invalid'],
    ['an nkey with a wrong checksum', { nkey: `U${'A'.repeat(55)}` }, 'nkey_invalid'],
    ['a seed for an nkey', { nkey: createKeyPair('user').seed() }, 'parameter_invalid'],
    ['a list', [], 'parameter_invalid'],
    ['a text', 'role', 'parameter_invalid'],
    ['a number', 7, 'parameter_invalid'],
  ])('with %s in the body', async (_, body, reason) => {
    const headers = { ...json, authorization: `Bearer ${token}` };
    const answer = await answerOf(await post({ headers, body: JSON.stringify(body) }));
    expect(answer).toEqual(problem(400, 'invalid_request', reason));
  });

  test('but not for an empty body with the content type of JSON, which many clients always send', async () => {
    const headers = { ...json, authorization: `Bearer ${token}` };
    expect((await post({ headers, body: '' })).status).toBe(200);
  });

  test('with a message that names an unknown member, if the name could be ours', async () => {
    const headers = { ...json, authorization: `Bearer ${token}` };
    for (const [body, detail] of [
      [{ rolle: 'x' }, 'the body must not have rolle'],
      [{ [token]: 'x' }, 'the body must not have unknown members'],
    ] as const) {
      const answer = await (await post({ headers, body: JSON.stringify(body) })).text();
      expect(answer).toContain(detail);
      expect(answer).not.toContain(token);
    }
  });

  test.each([
    ['no JSON', '{'],
    ['a prototype', '{"__proto__": {"role": "viewer"}}'],
    ['brackets without end', '['.repeat(30_000)],
    ['binary', Buffer.from([0, 255, 254, 128, 0])],
  ])('with a body that is %s', async (_, body) => {
    const headers = { ...json, authorization: `Bearer ${token}` };
    const answer = await answerOf(await post({ headers, body }));
    expect(answer).toEqual(problem(400, 'invalid_request', 'request_malformed'));
  });

  test.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer ', 'Bearer a b', 'Token abc', ''])(
    'with an Authorization header that reads "%s"',
    async (authorization) => {
      const answer = await answerOf(await post({ headers: { authorization } }));
      expect(answer).toEqual(problem(400, 'invalid_request', 'request_malformed'));
    },
  );

  test('with a body beyond the limit (limits on everything a stranger controls: body)', async () => {
    const body = JSON.stringify({ token: 'x'.repeat(65_536) });
    const answer = await answerOf(await post({ headers: json, body }));
    expect(answer).toEqual(problem(413, 'payload_too_large', 'body_too_large'));
  });

  test('with a token beyond the limit (limits on everything a stranger controls: token size)', async () => {
    const body = JSON.stringify({ token: `${'x'.repeat(20_000)}.y.z` });
    const answer = await answerOf(await post({ headers: json, body }));
    expect(answer).toEqual(problem(401, 'invalid_token', 'token_too_large'));
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'json',
    ';;;',
  ])('in the content type %s', async (type) => {
    const headers = { 'content-type': type, authorization: `Bearer ${token}` };
    const response = await post({ headers, body: '{}' });
    expect(response.headers.get('accept')).toBe('application/json');
    const answer = await answerOf(response);
    expect(answer).toEqual(problem(415, 'unsupported_media_type', 'content_type_unsupported'));
    expect(JSON.stringify(answer.body)).toContain('Content-Type: application/json');
  });
});
