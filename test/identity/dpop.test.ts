import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SingleUse } from '../../src/identity/single-use.ts';
import { memorySingleUse } from '../../src/identity/single-use.ts';
import { createVerifier, type DpopProof, type Verifier } from '../../src/identity/verify.ts';
import { createTestKey, NOW, signToken, staticIssuer, tokenClaims } from '../support/issuer.ts';
import { outcome, refusal } from './outcome.ts';

const ISSUER = 'https://issuer.test';
const URL_OF_REQUEST = 'https://sts.example.com/exchange';
const clock = { now: () => NOW * 1000 };
const issuerKey = await createTestKey('issuer');
const clientKey = await createTestKey(undefined, 'ES256');
const publicJwk = {
  kty: clientKey.jwk.kty,
  crv: clientKey.jwk.crv,
  x: clientKey.jwk.x,
  y: clientKey.jwk.y,
};
const jkt = await calculateJwkThumbprint(clientKey.jwk);

const tokenWith = (claims: object) =>
  signToken({ ...tokenClaims(ISSUER), ...claims }, {}, issuerKey);
const bound = await tokenWith({ cnf: { jkt } });
const ath = createHash('sha256').update(bound).digest('base64url');

let verifier: Verifier;
let claimed: string[];

beforeEach(() => {
  const memory = memorySingleUse({ clock });
  claimed = [];
  const singleUse: SingleUse = {
    ...memory,
    claim: (issuer, jti, expiresAt) => {
      claimed.push(`${issuer} ${jti}`);
      return memory.claim(issuer, jti, expiresAt);
    },
  };
  verifier = createVerifier({
    issuers: [staticIssuer([issuerKey])],
    clock,
    singleUse,
    tokenBytes: 16_384,
  });
});

/** A sound proof for `bound`, but for the changes; `undefined` takes a member out. */
async function proof(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = clientKey.privateKey as Parameters<SignJWT['sign']>[0],
): Promise<DpopProof> {
  const jwt = await new SignJWT({
    htm: 'POST',
    htu: URL_OF_REQUEST,
    iat: NOW,
    jti: 'proof-1',
    ath,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicJwk, ...header } as never)
    .sign(key);
  return { jwt, method: 'POST', url: URL_OF_REQUEST };
}

describe('DPoP-bound tokens used as bearer tokens', () => {
  test('are refused without a proof', async () => {
    expect(await outcome(verifier.verify(bound))).toBe('proof_required');
  });

  test.each([
    { 'x5t#S256': 'AAAA' },
    { jwk: publicJwk },
    { kid: 'k' },
    { jkt, 'x5t#S256': 'AAAA' },
    { jkt: 1 },
    { jkt: null },
    {},
    'jkt',
    [jkt],
  ])('are refused, with and without a proof, where the binding is %j', async (cnf) => {
    const token = await tokenWith({ cnf });
    const ownAth = createHash('sha256').update(token).digest('base64url');
    expect(await outcome(verifier.verify(token))).toBe('proof_required');
    expect(await outcome(verifier.verify(token, await proof({ ath: ownAth })))).toBe(
      'proof_required',
    );
  });

  test('are accepted with a valid proof', async () => {
    expect(await verifier.verify(bound, await proof())).toMatchObject({ subject: 'orders' });
  });
});

test('a proof beside a token that is not bound is refused (RFC 9449 §7.1)', async () => {
  const token = await tokenWith({});
  expect(await outcome(verifier.verify(token, await proof()))).toBe('proof_invalid');
});

describe('a proof is accepted', () => {
  test.each([
    ['with another spelling of the URL', { htu: 'HTTPS://STS.example.com:443/exchange' }],
    ['with query and fragment in the URL', { htu: `${URL_OF_REQUEST}?a=b#c` }],
    ['a minute old', { iat: NOW - 60 }],
    ['a minute early', { iat: NOW + 60 }],
  ])('%s', async (_what, claims) => {
    expect(await outcome(verifier.verify(bound, await proof(claims)))).toBe('accepted');
  });

  test('where the request itself has a query', async () => {
    const withQuery = { ...(await proof()), url: `${URL_OF_REQUEST}?x=1` };
    expect(await outcome(verifier.verify(bound, withQuery))).toBe('accepted');
  });

  test('once for as long as it is valid: from its earliest moment to its last', async () => {
    let now = NOW;
    const moving = { now: () => now * 1000 };
    const patient = createVerifier({
      issuers: [staticIssuer([issuerKey])],
      clock: moving,
      singleUse: memorySingleUse({ clock: moving }),
      tokenBytes: 16_384,
    });
    const early = await proof({ iat: NOW + 60 });
    expect(await outcome(patient.verify(bound, early))).toBe('accepted');
    for (now of [NOW + 2, NOW + 60, NOW + 120]) {
      expect(await outcome(patient.verify(bound, early))).toBe('proof_invalid');
    }
    patient.close();
  });

  test('once', async () => {
    const { jwt, ...request } = await proof();
    expect(await outcome(verifier.verify(bound, { jwt, ...request }))).toBe('accepted');
    const again = await refusal(verifier.verify(bound, { jwt, ...request }));
    expect(again).toMatchObject({
      reason: 'proof_invalid',
      message: 'The DPoP proof is not valid: it was used before.',
    });
  });
});

describe('a proof is refused', () => {
  test.each([
    ['for another method', { htm: 'GET' }],
    ['for a method in another case', { htm: 'post' }],
    ['without method', { htm: undefined }],
    ['for another path', { htu: 'https://sts.example.com/token' }],
    ['for a longer path', { htu: `${URL_OF_REQUEST}/x` }],
    ['for another host', { htu: 'https://evil.test/exchange' }],
    ['for another port', { htu: 'https://sts.example.com:8443/exchange' }],
    ['for another scheme', { htu: 'http://sts.example.com/exchange' }],
    ['with user info', { htu: 'https://sts.example.com@sts.example.com/exchange' }],
    ['with what is no URL', { htu: '/exchange' }],
    ['without URL', { htu: undefined }],
    ['too old', { iat: NOW - 61 }],
    ['too early', { iat: NOW + 61 }],
    ['without iat', { iat: undefined }],
    ['with an iat that is no number', { iat: `${NOW}` }],
    ['without jti', { jti: undefined }],
    ['with an empty jti', { jti: '' }],
    ['with a jti that is no string', { jti: 1 }],
    ['with an endless jti', { jti: 'x'.repeat(257) }],
    ['for another token', { ath: createHash('sha256').update('x').digest('base64url') }],
    ['without ath', { ath: undefined }],
  ])('%s', async (_what, claims) => {
    expect(await outcome(verifier.verify(bound, await proof(claims)))).toBe('proof_invalid');
    // A refused proof uses nothing up.
    expect(claimed).toEqual([]);
  });

  test.each([
    ['of another type', { typ: 'JWT' }],
    ['without a type', { typ: undefined }],
    ['without a key', { jwk: undefined }],
    ['with an unsuitable key', { jwk: { kty: 'oct', k: 'AAAA' } }],
    ['with a key that is for encryption', { jwk: { ...publicJwk, use: 'enc' } }],
    ['with extensions', { crit: ['b64'], b64: true }],
  ])('%s', async (_what, header) => {
    expect(await outcome(verifier.verify(bound, await proof({}, header)))).toBe('proof_invalid');
  });

  test('signed by a secret', async () => {
    const secret = Buffer.alloc(32, 1);
    const forged = proof({}, { alg: 'HS256' }, secret);
    expect(await outcome(verifier.verify(bound, await forged))).toBe('proof_invalid');
  });

  test('by another key, brought along or not', async () => {
    const thief = await createTestKey(undefined, 'ES256');
    const forged = await proof({}, {}, thief.privateKey);
    const brought = await proof({}, { jwk: thief.jwk }, thief.privateKey);
    expect(await outcome(verifier.verify(bound, forged))).toBe('proof_invalid');
    expect(await outcome(verifier.verify(bound, brought))).toBe('proof_invalid');
  });

  test('with its private key in it', async () => {
    const { exportJWK } = await import('jose');
    const jwk = await exportJWK(clientKey.privateKey);
    expect(await outcome(verifier.verify(bound, await proof({}, { jwk })))).toBe('proof_invalid');
  });

  test('larger than 8 KiB', async () => {
    const large = await proof({ padding: 'x'.repeat(8 * 1024) });
    expect(await outcome(verifier.verify(bound, large))).toBe('proof_invalid');
  });

  test('whatever it is, without an exception', async () => {
    const request = { method: 'POST', url: URL_OF_REQUEST };
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('POST', URL_OF_REQUEST, NOW, ath, 'ES256', publicJwk),
    );
    const claims = fc.record(
      { htm: value, htu: value, iat: value, jti: value },
      { requiredKeys: [] },
    );
    const signed = claims.map((changes) => proof({ ath: 'wrong', ...changes }));
    const text = fc.string().map(async (jwt) => ({ jwt, ...request }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(signed, text), async (made) => {
        expect(await outcome(verifier.verify(bound, await made))).toBe('proof_invalid');
      }),
    );
  });
});

test('a token for single use is not used up by a proof that is refused', async () => {
  const token = await tokenWith({ cnf: { jkt }, jti: 'token-1' });
  const ownAth = createHash('sha256').update(token).digest('base64url');
  const singleUse = memorySingleUse({ clock });
  const issuers = [staticIssuer([issuerKey], { singleUse: true })];
  const once = createVerifier({ issuers, clock, singleUse, tokenBytes: 16_384 });
  expect(await outcome(once.verify(token))).toBe('proof_required');
  expect(await outcome(once.verify(token, await proof()))).toBe('proof_invalid');
  const sound = (jti: string) => proof({ ath: ownAth, jti });
  expect(await outcome(once.verify(token, await sound('a')))).toBe('accepted');
  expect(await outcome(once.verify(token, await sound('b')))).toBe('token_reused');
});

test('a token that is refused anyway uses up no proof', async () => {
  const token = await tokenWith({ cnf: { jkt }, aud: 'other' });
  expect(await outcome(verifier.verify(token, await proof()))).toBe('audience_mismatch');
  expect(claimed).toEqual([]);
});
