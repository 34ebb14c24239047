import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { startServiceWorld, type ServiceWorld } from '../../support/service-world.ts';
import { answerOf, problem } from '../answers.ts';
import { adminRequest } from './admin-client.ts';

const KEY = createKeyPair('account').publicKey;

/** Each route with a request that would be fine if an administrator made it. */
const ROUTES: [route: string, body: object | undefined][] = [
  ['GET /admin/keys', undefined],
  ['POST /admin/keys/rotate', {}],
  [`POST /admin/keys/${KEY}/revoke`, { reason: 'test' }],
  ['GET /admin/revocations', undefined],
  ['POST /admin/revocations', { role: 'publisher', reason: 'test' }],
  ['DELETE /admin/revocations/0123456789ab', undefined],
  ['GET /admin/credentials', undefined],
];

let world: ServiceWorld;
beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.contact = 'platform@example.com';
      tree.admin = [{ issuer: 'dev', match: { groups: 'operators' } }];
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

/** The same with one character of its signature changed. */
function forged(token: string): string {
  return token.replace(/.(?=.{20}$)/, (character) => (character === 'A' ? 'B' : 'A'));
}

const groups = ['people', 'operators'];

describe.each(ROUTES)('%s', (route, body) => {
  const ask = body ? { body } : {};

  test('needs a token', async () => {
    const answer = await answerOf(await adminRequest(world.url, route, ask));
    expect(answer).toEqual(problem(401, 'invalid_token', 'token_missing'));
  });

  test('needs a token that an issuer signed; other tokens are recorded', async () => {
    const token = forged(await world.token({ sub: 'admin', groups, jti: randomUUID() }));
    const response = await adminRequest(world.url, route, { ...ask, token });
    expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'signature_invalid'));
    const tokenHash = createHash('sha256').update(token).digest('hex');
    expect(world.audit({ tokenHash })).toMatchObject([{ type: 'rejected', door: 'admin' }]);
  });

  test('denies a caller that no rule matches, says whom to contact, and records it', async () => {
    const sub = randomUUID();
    const token = await world.token({ sub });
    const response = await adminRequest(world.url, route, { ...ask, token });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      reason: 'not_admin',
      contact: 'platform@example.com',
    });
    expect(world.audit({ subject: sub })).toMatchObject([
      { type: 'denied', door: 'admin', reason: 'not_admin', binding: 'admin[0]' },
    ]);
  });

  test('is for callers that a rule matches', async () => {
    const token = await world.token({ sub: 'admin', groups });
    const { status } = await adminRequest(world.url, route, { ...ask, token });
    expect([200, 201, 202, 404]).toContain(status);
  });
});

test('a revoked administrator is denied', async () => {
  const token = await world.token({ sub: 'mallory', groups });
  const admin = await world.token({ sub: 'admin-2', groups });
  expect((await adminRequest(world.url, 'GET /admin/keys', { token })).status).toBe(200);
  const body = { issuer: 'dev', subject: 'mallory', reason: 'stolen', block: true };
  const made = await adminRequest(world.url, 'POST /admin/revocations', { token: admin, body });
  expect(made.status).toBe(201);
  const refused = await adminRequest(world.url, 'GET /admin/keys', { token });
  expect(await refused.json()).toMatchObject({ status: 403, reason: 'blocked' });
});

test("an administrator's token for exchanges does not work for /admin if that has its own audience", async () => {
  await using strict = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.issuers.dev.audience = ['nats-sts', 'sts-admin'];
      tree.admin = [{ issuer: 'dev', audience: 'sts-admin', match: { groups: 'operators' } }];
    },
  });
  const status = async (aud: string | string[]) => {
    const token = await strict.token({ groups, aud });
    return (await adminRequest(strict.url, 'GET /admin/keys', { token })).status;
  };
  expect(await status('nats-sts')).toBe(403);
  expect(await status('sts-admin')).toBe(200);
  expect(await status(['nats-sts', 'sts-admin'])).toBe(200);
});

test('a token that is bound to a key needs its proof here too', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const cnf = { jkt: await calculateJwkThumbprint(jwk) };
  const token = await world.token({ sub: 'admin', groups, cnf });
  const proof = (htu: string) =>
    new SignJWT({
      htm: 'GET',
      htu,
      ath: createHash('sha256').update(token).digest('base64url'),
      jti: randomUUID(),
      iat: Math.floor(Date.now() / 1000),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey);
  const withProof = async (of: string) => {
    const headers = { dpop: await proof(of) };
    return (await adminRequest(world.url, 'GET /admin/keys', { token, headers })).status;
  };
  expect((await adminRequest(world.url, 'GET /admin/keys', { token })).status).toBe(401);
  expect(await withProof(`${world.url}/exchange`)).toBe(401);
  expect(await withProof(`${world.url}/admin/keys`)).toBe(200);
});

test('a method that a route does not have gets a 405, also with a parameter in the path', async () => {
  for (const [route, allow] of [
    ['DELETE /admin/keys', 'GET'],
    ['GET /admin/revocations/0123456789ab', 'DELETE'],
    [`GET /admin/keys/${KEY}/revoke`, 'POST'],
  ] as const) {
    const response = await adminRequest(world.url, route);
    expect([route, response.status]).toEqual([route, 405]);
    expect(response.headers.get('allow')).toContain(allow);
  }
  expect((await adminRequest(world.url, 'GET /admin/keys/x/y/z')).status).toBe(404);
});

test('without rules everyone is denied, and the answer says what to do', async () => {
  await using closed = await startServiceWorld({ nats: false });
  const token = await closed.token({ sub: 'admin', groups });
  const response = await adminRequest(closed.url, 'GET /admin/keys', { token });
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({
    reason: 'admin_not_configured',
    detail: expect.stringContaining('"admin"'),
  });
});

test('administrators and their addresses have the same limits as everyone', async () => {
  await using limited = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.admin = [{ issuer: 'dev', match: { groups: 'operators' } }];
      tree.rateLimit = { perIdentity: { max: 2 }, perAddress: { max: 5 } };
    },
  });
  const as = async (sub: string) => {
    const token = await limited.token({ sub, groups });
    return (await adminRequest(limited.url, 'GET /admin/revocations', { token })).status;
  };
  const statuses: number[] = [];
  for (const sub of ['a', 'a', 'a', 'b', 'b', 'c']) statuses.push(await as(sub));
  expect(statuses).toEqual([200, 200, 429, 200, 200, 429]);
});
