import { createHmac } from 'node:crypto';
import { CompactEncrypt, exportSPKI, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestKey, signToken } from '../support/issuer.ts';
import {
  JWT_TYPE,
  startServiceWorld,
  type ServiceWorld,
  TOKEN_EXCHANGE,
} from '../support/service-world.ts';
import { answerOf, oauthError, problem } from './answers.ts';

/** Every broken kind of token through both doors: refused in the door's own form, told to nobody but us. */

let world: ServiceWorld;
const now = Math.floor(Date.now() / 1000);

beforeAll(async () => {
  world = await startServiceWorld({ nats: false });
  await world.credential(await world.token());
});
afterAll(() => world[Symbol.asyncDispose]());

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Header and payload as they are written here, signed by the issuer's key all the same. */
async function signedText(header: string, payload: string): Promise<string> {
  const input = `${part(header)}.${part(payload)}`;
  const signature = await crypto.subtle.sign(
    'RSASSA-PKCS1-v1_5',
    world.issuer.key.privateKey,
    Buffer.from(input),
  );
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

const claims = () => ({
  iss: world.issuer.issuer,
  aud: 'nats-sts',
  sub: 'orders',
  iat: now,
  exp: now + 300,
});
const header = () => ({ alg: 'RS256', kid: world.issuer.key.kid });

type Broken = readonly [name: string, reason: string, make: () => string | Promise<string>];

const BROKEN: readonly Broken[] = [
  ['one dot', 'token_not_a_jwt', () => 'a.b'],
  [
    'four dots (JWE)',
    'token_encrypted',
    async () => {
      const key = await importJWK(world.issuer.key.jwk, 'RSA-OAEP');
      return new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
        .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM' })
        .encrypt(key);
    },
  ],
  ['a thousand dots', 'token_not_a_jwt', () => '.'.repeat(1000)],
  ['no dots', 'token_not_a_jwt', () => 'x'.repeat(1000)],
  ['binary parts', 'token_malformed', () => 'gIGCg4SF.gIGCg4SF.gIGCg4SF'],
  ['padded base64', 'token_malformed', async () => (await world.token()).replace('.', '=.')],
  ['no signature', 'signature_invalid', async () => (await world.token()).replace(/[^.]+$/, '')],
  [
    'another’s signature',
    'signature_invalid',
    async () => `${(await world.token()).slice(0, -12)}AAAAAAAAAAAA`,
  ],
  [
    'a payload changed after signing',
    'signature_invalid',
    async () => {
      const [head = '', , signature = ''] = (await world.token({ sub: 'nobody' })).split('.');
      return [head, part(claims()), signature].join('.');
    },
  ],
  ['alg none', 'algorithm_not_allowed', () => `${part({ alg: 'none' })}.${part(claims())}.`],
  ['alg None', 'algorithm_not_allowed', () => `${part({ alg: 'None' })}.${part(claims())}.`],
  [
    'HMAC with the public key for a secret',
    'algorithm_not_allowed',
    async () => {
      const publicKey = await importJWK(world.issuer.key.jwk, 'RS256', { extractable: true });
      if (publicKey instanceof Uint8Array) throw new Error('not a public key');
      const input = `${part({ alg: 'HS256', kid: world.issuer.key.kid })}.${part(claims())}`;
      const hmac = createHmac('sha256', await exportSPKI(publicKey)).update(input);
      return `${input}.${hmac.digest('base64url')}`;
    },
  ],
  [
    'a key of its own in the header (jwk)',
    'signature_invalid',
    async () => {
      const key = await createTestKey(world.issuer.key.kid);
      return signToken(claims(), { jwk: key.jwk }, key);
    },
  ],
  [
    'a key elsewhere (jku, x5u)',
    'signature_invalid',
    async () => {
      const key = await createTestKey(world.issuer.key.kid);
      return signToken(claims(), { jku: `${world.issuer.issuer}/jwks2`, x5u: 'http://x' }, key);
    },
  ],
  [
    'critical extensions (crit)',
    'token_header_unsupported',
    () =>
      signedText(JSON.stringify({ ...header(), crit: ['exp'], exp: 1 }), JSON.stringify(claims())),
  ],
  [
    'an unencoded payload (b64)',
    'token_header_unsupported',
    () => signedText(JSON.stringify({ ...header(), b64: false }), JSON.stringify(claims())),
  ],
  [
    'a claim twice',
    'token_malformed',
    () =>
      signedText(JSON.stringify(header()), `{"sub":"nobody",${JSON.stringify(claims()).slice(1)}`),
  ],
  [
    'a header member twice',
    'token_malformed',
    () =>
      signedText(`{"alg":"none",${JSON.stringify(header()).slice(1)}`, JSON.stringify(claims())),
  ],
  ['a payload that is a list', 'token_malformed', () => signedText(JSON.stringify(header()), '[]')],
  ['a payload that is null', 'token_malformed', () => signedText(JSON.stringify(header()), 'null')],
  [
    'a payload of brackets without end',
    'token_malformed',
    () => signedText(JSON.stringify(header()), `{"a":${'['.repeat(9000)}`),
  ],
  [
    'a deep payload',
    'token_malformed',
    () =>
      signedText(
        JSON.stringify(header()),
        `{"a":${'['.repeat(4000)}${']'.repeat(4000)},${JSON.stringify(claims()).slice(1)}`,
      ),
  ],
  [
    'text in no known encoding',
    'token_malformed',
    () =>
      signedText(
        JSON.stringify(header()),
        Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('latin1'),
      ),
  ],
  ['an unknown issuer', 'issuer_unknown', () => world.token({ iss: 'http://127.0.0.1:1' })],
  [
    'the issuer with a slash more',
    'issuer_unknown',
    () => world.token({ iss: `${world.issuer.issuer}/` }),
  ],
  [
    'the issuer in upper case',
    'issuer_unknown',
    () => world.token({ iss: world.issuer.issuer.toUpperCase() }),
  ],
  [
    'the issuer as user info of another',
    'issuer_unknown',
    () => world.token({ iss: `${world.issuer.issuer}@evil.test` }),
  ],
  ['no issuer', 'claim_missing', () => world.token({ iss: undefined })],
  ['a list of issuers', 'claim_malformed', () => world.token({ iss: [world.issuer.issuer] })],
  ['another audience', 'audience_mismatch', () => world.token({ aud: 'nats-sts2' })],
  ['no audience', 'claim_missing', () => world.token({ aud: undefined })],
  ['no subject', 'claim_missing', () => world.token({ sub: undefined })],
  ['an empty subject', 'claim_malformed', () => world.token({ sub: '' })],
  ['a subject that is a number', 'claim_malformed', () => world.token({ sub: 7 })],
  ['no expiry', 'claim_missing', () => world.token({ exp: undefined })],
  ['an expiry in text', 'claim_malformed', () => world.token({ exp: String(now + 300) })],
  [
    'an endless expiry',
    'token_malformed',
    () =>
      signedText(
        JSON.stringify(header()),
        JSON.stringify({ ...claims(), exp: 0 }).replace('"exp":0', '"exp":1e999'),
      ),
  ],
  ['an expiry long past', 'token_expired', () => world.token({ iat: now - 7200, exp: now - 3600 })],
  ['no time of issue', 'claim_missing', () => world.token({ iat: undefined })],
  [
    'a time of issue ahead of us',
    'token_not_yet_valid',
    () => world.token({ iat: now + 3600, exp: now + 3900 }),
  ],
  ['not valid yet', 'token_not_yet_valid', () => world.token({ nbf: now + 3600 })],
  [
    'a life of years',
    'token_lifetime_too_long',
    () => world.token({ exp: now + 10 * 365 * 86_400 }),
  ],
  ['an unknown kid', 'key_unknown', () => world.token({}, { kid: 'unknown' })],
  [
    'a kid of control characters',
    'key_unknown',
    () => world.token({}, { kid: '\u0000\u001b[31m\n' }),
  ],
  ['a kid that is a path', 'key_unknown', () => world.token({}, { kid: '../../../etc/passwd' })],
  ['a kid that is a prototype', 'key_unknown', () => world.token({}, { kid: '__proto__' })],
  ['too many bytes', 'token_too_large', () => world.token({ padding: 'x'.repeat(20_000) })],
];

describe.each(BROKEN)('a token with %s (%s)', (_, reason, make) => {
  test('is rejected by both doors, each in its own form', async () => {
    const token = await make();
    const response = await fetch(`${world.url}/exchange`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="nats-sts", error="invalid_token"/,
    );
    expect(await answerOf(response)).toEqual(problem(401, 'invalid_token', reason));
    const oauth = await world.tokenExchange({
      grant_type: TOKEN_EXCHANGE,
      subject_token: token,
      subject_token_type: JWT_TYPE,
    });
    expect(await answerOf(oauth)).toEqual(oauthError(400, 'invalid_request'));
  });
});

test('no broken token made the service fetch anything but its issuer’s metadata and keys', () => {
  expect(new Set(world.issuer.requests)).toEqual(
    new Set(['/.well-known/openid-configuration', '/jwks']),
  );
});

test('JWKS denial of service through unknown `kid`s: thousands of them cause only one more fetch', async () => {
  await using flooded = await startServiceWorld({ nats: false });
  await flooded.credential(await flooded.token());
  const token = await flooded.token();
  const [, payload = '', signature = ''] = token.split('.');
  const before = flooded.issuer.requests.length;
  const statuses = new Set<number>();
  for (let round = 0; round < 40; round += 1) {
    const answers = Array.from({ length: 50 }, async (_, n) => {
      const head = part({ alg: 'RS256', kid: `unknown-${round}-${n}` });
      const response = await flooded.exchange(`${head}.${payload}.${signature}`);
      await response.arrayBuffer();
      return response.status;
    });
    for (const status of await Promise.all(answers)) statuses.add(status);
  }
  expect([...statuses]).toEqual([401]);
  // Discovery and key set, once.
  expect(flooded.issuer.requests.length - before).toBeLessThanOrEqual(2);
  expect((await flooded.exchange(token)).status).toBe(200);
});

test('the service still works, with no fault in its log', async () => {
  expect((await world.exchange(await world.token())).status).toBe(200);
  expect(world.log.text()).not.toContain('a request failed');
});
