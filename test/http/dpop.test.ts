import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  JWT_TYPE,
  startServiceWorld,
  type ServiceWorld,
  TOKEN_EXCHANGE,
} from '../support/service-world.ts';
import { answerOf, oauthError, problem } from './answers.ts';

/** DPoP (RFC 9449) through the doors: the proof must be for this method and the public URL. */

const PUBLIC_URL = 'https://sts.example.com/nats';
let world: ServiceWorld;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let jwk: JWK;
let bound: string;

beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.publicUrl = PUBLIC_URL;
      tree.admin = [{ issuer: 'dev', match: { sub: 'orders' } }];
    },
  });
  keys = await generateKeyPair('ES256');
  jwk = await exportJWK(keys.publicKey);
  bound = await world.token({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
});
afterAll(() => world[Symbol.asyncDispose]());

function proof(claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({
    htm: 'POST',
    htu: `${PUBLIC_URL}/exchange`,
    ath: createHash('sha256').update(bound).digest('base64url'),
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .sign(keys.privateKey);
}

function post(headers: Record<string, string>, path = '/exchange'): Promise<Response> {
  return fetch(world.url + path, { method: 'POST', headers });
}

describe('DPoP-bound tokens are rejected without a valid proof', () => {
  test.each(['DPoP', 'Bearer'])(
    'a token with a proof is accepted in the scheme %s',
    async (scheme) => {
      const response = await post({ authorization: `${scheme} ${bound}`, dpop: await proof() });
      expect(response.status).toBe(200);
    },
  );

  test('the proof does not cover the query of the URL', async () => {
    const here = { htm: 'GET', htu: `${PUBLIC_URL}/admin/credentials` };
    const headers = { authorization: `DPoP ${bound}`, dpop: await proof(here) };
    expect((await fetch(`${world.url}/admin/credentials?limit=1`, { headers })).status).toBe(200);
  });

  test('the token endpoint accepts a proof for its own URL', async () => {
    const parameters = {
      grant_type: TOKEN_EXCHANGE,
      subject_token: bound,
      subject_token_type: JWT_TYPE,
    };
    const there = await proof({ htu: `${PUBLIC_URL}/token` });
    expect((await world.tokenExchange(parameters, { dpop: there })).status).toBe(200);
    const refused = await world.tokenExchange(parameters, { dpop: await proof() });
    expect(await answerOf(refused)).toEqual(oauthError(400, 'invalid_dpop_proof'));
    expect(await answerOf(await world.tokenExchange(parameters))).toEqual(
      oauthError(400, 'invalid_request'),
    );
  });

  test.each(['Bearer', 'DPoP'])(
    'a request without a proof is challenged for one (%s)',
    async (scheme) => {
      const response = await post({ authorization: `${scheme} ${bound}` });
      expect(response.headers.get('www-authenticate')).toMatch(
        /^DPoP realm="nats-sts", error="invalid_token"/,
      );
      expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'proof_required'));
    },
  );

  test('a bearer token in the DPoP scheme needs a proof, too', async () => {
    const response = await post({ authorization: `DPoP ${await world.token()}` });
    expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'proof_required'));
  });

  test.each([
    ['another method', { htm: 'GET' }],
    ['the address behind the proxy', { htu: 'http://127.0.0.1/exchange' }],
    ['another route', { htu: `${PUBLIC_URL}/token` }],
    ['another token', { ath: createHash('sha256').update('x').digest('base64url') }],
    ['no token', { ath: undefined }],
    ['a time long past', { iat: 1_700_000_000 }],
  ])('a proof for %s is rejected', async (_, claims) => {
    const headers = { authorization: `DPoP ${bound}`, dpop: await proof(claims) };
    const response = await post(headers);
    expect(response.headers.get('www-authenticate')).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
    expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', 'proof_invalid'));
  });

  test('a used proof is rejected', async () => {
    const headers = { authorization: `DPoP ${bound}`, dpop: await proof() };
    expect((await post(headers)).status).toBe(200);
    expect(await answerOf(await post(headers))).toEqual(
      problem(401, 'invalid_token', 'proof_invalid'),
    );
  });

  test('two proofs are rejected, even if both are valid (RFC 9449 §4.3)', async () => {
    const headers = { authorization: `DPoP ${bound}`, dpop: `${await proof()}, ${await proof()}` };
    expect(await answerOf(await post(headers))).toEqual(
      problem(401, 'invalid_token', 'proof_invalid'),
    );
  });
});
