import { constants, createHmac, createPublicKey, KeyObject, sign } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS, type Algorithm } from '../../src/identity/issuer.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import { memorySingleUse } from '../../src/identity/single-use.ts';
import {
  AUDIENCE,
  createTestKey,
  NOW,
  signToken,
  staticIssuer,
  type TestKey,
  tokenClaims,
} from '../support/issuer.ts';
import { outcome } from './outcome.ts';

const clock = { now: () => NOW * 1000 };
const ISSUER = 'https://issuer.test';

const keys = Object.fromEntries(
  await Promise.all(ALGORITHMS.map(async (alg) => [alg, await createTestKey(alg, alg)] as const)),
) as Record<Algorithm, TestKey>;

const tokens = Object.fromEntries(
  await Promise.all(
    ALGORITHMS.map(
      async (alg) => [alg, await signToken(tokenClaims(ISSUER), {}, keys[alg])] as const,
    ),
  ),
) as Record<Algorithm, string>;

const verifier = createVerifier({
  issuers: [staticIssuer(Object.values(keys), { algorithms: ALGORITHMS })],
  clock,
  singleUse: memorySingleUse({ clock }),
  tokenBytes: 16_384,
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const parts = (token: string) => token.split('.') as [string, string, string];

/** A token whose signature is made by `signer` over the first two parts. */
function forge(header: object, claims: object, signer: (input: Buffer) => Buffer): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`;
}

async function joseAccepts(token: string, key: TestKey): Promise<boolean> {
  const options = { issuer: ISSUER, audience: AUDIENCE, currentDate: new Date(NOW * 1000) };
  return jwtVerify(token, key.jwk, { ...options, algorithms: [key.alg] }).then(
    () => true,
    () => false,
  );
}

describe.each(ALGORITHMS)('a signature by %s', (alg) => {
  const key = keys[alg];
  const sound = tokens[alg];

  test('is accepted, as jose accepts it', async () => {
    expect(await outcome(verifier.verify(sound))).toBe('accepted');
    expect(await joseAccepts(sound, key)).toBe(true);
  });

  test('is refused over another payload', async () => {
    const [header, , signature] = parts(sound);
    const other = encode({ ...tokenClaims(ISSUER), sub: 'admin' });
    expect(await outcome(verifier.verify(`${header}.${other}.${signature}`))).toBe(
      'signature_invalid',
    );
  });

  test('is refused by another key of the same kind', async () => {
    const stranger = await createTestKey(alg, alg);
    const token = await signToken(tokenClaims(ISSUER), {}, stranger);
    expect(await outcome(verifier.verify(token))).toBe('signature_invalid');
  });

  test('is refused with any bit of it turned, cut off or added', async () => {
    const [header, payload, text] = parts(sound);
    const signature = Buffer.from(text, 'base64url');
    const turned = Array.from({ length: signature.length }, (_, at) => {
      const copy = Buffer.from(signature);
      copy[at]! ^= 1 << (at % 8);
      return copy;
    });
    const empty = Buffer.alloc(0);
    const zeros = Buffer.alloc(signature.length);
    const longer = Buffer.concat([signature, Buffer.from([0])]);
    for (const forged of [
      ...turned,
      empty,
      zeros,
      signature.subarray(1),
      signature.subarray(0, -1),
      longer,
    ]) {
      const token = `${header}.${payload}.${forged.toString('base64url')}`;
      expect(await outcome(verifier.verify(token))).toBe('signature_invalid');
    }
  });

  test('is refused under the name of any other algorithm', async () => {
    for (const other of ALGORITHMS.filter((name) => name !== alg)) {
      const [, payload, signature] = parts(sound);
      const named = (kid: string) => `${encode({ alg: other, kid })}.${payload}.${signature}`;
      expect(await outcome(verifier.verify(named(alg)))).toBe('key_unknown');
      expect(await outcome(verifier.verify(named(other)))).toBe('signature_invalid');
    }
  });
});

describe('forgeries', () => {
  const claims = tokenClaims(ISSUER);
  const { RS256, PS256, ES256 } = keys;
  const RS256Key = KeyObject.from(RS256.privateKey);
  const PS256Key = KeyObject.from(PS256.privateKey);
  const ES256Key = KeyObject.from(ES256.privateKey);
  const rsaPem = createPublicKey({ key: RS256.jwk, format: 'jwk' }).export({
    format: 'pem',
    type: 'spki',
  });

  test('alg none, with and without a signature, is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      const unsigned = forge({ alg, kid: 'RS256' }, claims, () => Buffer.alloc(0));
      const signed = forge({ alg, kid: 'RS256' }, claims, (input) =>
        sign('sha256', input, RS256Key),
      );
      expect(await outcome(verifier.verify(unsigned))).toBe('algorithm_not_allowed');
      expect(await outcome(verifier.verify(signed))).toBe('algorithm_not_allowed');
    }
  });

  test.each(['HS256', 'HS384', 'HS512'])(
    '%s under the public key, in every form of it, is refused',
    async (alg) => {
      for (const secret of [rsaPem, JSON.stringify(RS256.jwk), RS256.jwk.n ?? '', '']) {
        const token = forge({ alg, kid: 'RS256' }, claims, (input) =>
          createHmac(`sha${alg.slice(2)}`, secret)
            .update(input)
            .digest(),
        );
        expect(await outcome(verifier.verify(token))).toBe('algorithm_not_allowed');
      }
    },
  );

  test('a key set with oct keys never yields HMAC', async () => {
    const secret = Buffer.alloc(32, 7);
    const oct = { kty: 'oct', k: secret.toString('base64url'), kid: 'oct' };
    for (const extra of [{}, { alg: 'HS256' }, { alg: 'RS256' }]) {
      const spec = staticIssuer([{ ...oct, ...extra }], { algorithms: ALGORITHMS });
      const forged = createVerifier({
        issuers: [spec],
        clock,
        singleUse: memorySingleUse({ clock }),
        tokenBytes: 16_384,
      });
      for (const alg of ['HS256', 'RS256']) {
        const token = forge({ alg, kid: 'oct' }, claims, (input) =>
          createHmac('sha256', secret).update(input).digest(),
        );
        expect(['algorithm_not_allowed', 'key_unusable']).toContain(
          await outcome(forged.verify(token)),
        );
      }
    }
  });

  test('a key that the token brings along (jwk, x5c, jku, x5u) is never used', async () => {
    const stranger = await createTestKey('RS256', 'RS256');
    for (const header of [
      { jwk: stranger.jwk },
      { jku: 'http://127.0.0.1:1/jwks' },
      { x5u: 'http://127.0.0.1:1/cert' },
      { x5c: ['AAAA'] },
    ]) {
      const token = await signToken(claims, header, stranger);
      expect(await outcome(verifier.verify(token))).toBe('signature_invalid');
      const unnamed = await signToken(claims, header, { ...stranger, kid: 'stranger' });
      expect(await outcome(verifier.verify(unnamed))).toBe('key_unknown');
    }
  });

  test('an ECDSA signature in DER is refused: JWS concatenates r and s (RFC 7518 §3.4)', async () => {
    const token = forge({ alg: 'ES256', kid: 'ES256' }, claims, (input) =>
      sign('sha256', input, { key: ES256Key, dsaEncoding: 'der' }),
    );
    expect(await outcome(verifier.verify(token))).toBe('signature_invalid');
    expect(await joseAccepts(token, ES256)).toBe(false);
  });

  test.each([0, 20, 64])(
    'a PSS salt of %d bytes is refused (RFC 7518 §3.5)',
    async (saltLength) => {
      const token = forge({ alg: 'PS256', kid: 'PS256' }, claims, (input) =>
        sign('sha256', input, {
          key: PS256Key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        }),
      );
      expect(await outcome(verifier.verify(token))).toBe('signature_invalid');
      expect(await joseAccepts(token, PS256)).toBe(false);
    },
  );

  test('a signature by another digest is refused', async () => {
    const token = forge({ alg: 'RS256', kid: 'RS256' }, claims, (input) =>
      sign('sha512', input, RS256Key),
    );
    expect(await outcome(verifier.verify(token))).toBe('signature_invalid');
  });
});
