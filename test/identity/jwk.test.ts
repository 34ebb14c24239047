import { generateKeyPairSync, type JsonWebKeyInput } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../../src/identity/issuer.ts';
import { importJwk } from '../../src/identity/jwk.ts';
import { indexKeys } from '../../src/identity/key-index.ts';

type Jwk = JsonWebKeyInput['key'];

const publicOf = (pair: { publicKey: { export(o: { format: 'jwk' }): Jwk } }) =>
  pair.publicKey.export({ format: 'jwk' });
const RSA_PAIR = generateKeyPairSync('rsa', { modulusLength: 2048 });
const RSA = publicOf(RSA_PAIR);
const OTHER_RSA = publicOf(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const P256 = publicOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const P384 = publicOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
const P521 = publicOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }));
const SECP256K1 = publicOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }));
const ED25519 = publicOf(generateKeyPairSync('ed25519'));
const ED448 = publicOf(generateKeyPairSync('ed448'));
const X25519 = publicOf(generateKeyPairSync('x25519'));

const algorithmsOf = (jwk: unknown, allowed = ALGORITHMS as never) =>
  importJwk(jwk, allowed).map(({ alg }) => alg);

describe('a JWK gives a key for each algorithm that it fits', () => {
  test.each([
    ['RSA', RSA, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['RSA for one algorithm', { ...RSA, alg: 'PS384' }, ['PS384']],
    ['P-256', P256, ['ES256']],
    ['P-384', P384, ['ES384']],
    ['P-521', P521, ['ES512']],
    ['Ed25519', ED25519, ['EdDSA', 'Ed25519']],
    ['use sig', { ...P256, use: 'sig' }, ['ES256']],
    ['use jwt-svid, of a SPIFFE bundle', { ...P256, use: 'jwt-svid' }, ['ES256']],
    ['key_ops verify', { ...P256, key_ops: ['verify'] }, ['ES256']],
  ])('%s', (_name, jwk, algorithms) => {
    expect(algorithmsOf(jwk)).toEqual(algorithms);
  });

  test('and that the issuer may use', () => {
    expect(algorithmsOf(RSA, ['RS256', 'ES256'] as never)).toEqual(['RS256']);
    expect(algorithmsOf({ ...RSA, alg: 'RS512' }, ['RS256'] as never)).toEqual([]);
  });
});

describe('a JWK gives no key', () => {
  test.each([
    ['when it is symmetric', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }],
    ['when it is symmetric and claims RSA', { ...RSA, k: 'c2VjcmV0' }],
    ['when it is private', RSA_PAIR.privateKey.export({ format: 'jwk' })],
    ['when its alg is HMAC', { ...RSA, alg: 'HS256' }],
    ['when its alg is of another key type', { ...RSA, alg: 'ES256' }],
    ['when its alg is of another curve', { ...P256, alg: 'ES384' }],
    ['when its alg is an encryption', { ...RSA, alg: 'RSA-OAEP' }],
    ['when its alg is none', { ...RSA, alg: 'none' }],
    ['when it is for encryption', { ...RSA, use: 'enc' }],
    ['when it is for X.509 bundles', { ...P256, use: 'x509-svid' }],
    ['when its key_ops leave out verify', { ...RSA, key_ops: ['encrypt'] }],
    ['when its key_ops are no list', { ...RSA, key_ops: 'verify' }],
    ['on a curve that JWS algorithms of ours do not use', SECP256K1],
    ['for Ed448', ED448],
    ['for key agreement', X25519],
    ['when its kty is another', { ...RSA, kty: 'EC' }],
    ['when its crv is another', { ...P256, crv: 'P-384' }],
    ['when its point is off the curve', { ...P256, y: P256['x'] }],
    ['when a part is missing', { kty: 'RSA', e: 'AQAB' }],
    ['when its exponent is 1', { ...RSA, e: 'AQ' }],
    ['when its exponent is enormous', { ...RSA, e: RSA['n'] }],
  ])('%s', (_name, jwk) => {
    expect(algorithmsOf(jwk)).toEqual([]);
  });

  test('when it is RSA with fewer than 2048 bits', () => {
    expect(algorithmsOf(publicOf(generateKeyPairSync('rsa', { modulusLength: 2040 })))).toEqual([]);
  });

  test('when it is RSA with more than 8192 bits', () => {
    const n = (bytes: number) => Buffer.alloc(bytes, 0xff).toString('base64url');
    expect(algorithmsOf({ ...RSA, n: n(1024) }, ['RS256'] as never)).toEqual(['RS256']);
    expect(algorithmsOf({ ...RSA, n: n(1025) }, ['RS256'] as never)).toEqual([]);
  });

  test('when it is whatever else, and no exception', () => {
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom('RSA', 'EC', 'OKP', 'P-256', 'AQAB'));
    const jwk = fc.record(
      { kty: part, crv: part, n: part, e: part, x: part, y: part },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), jwk), (value) => {
        expect(algorithmsOf(value)).toEqual([]);
      }),
    );
  });
});

describe('a key set', () => {
  const one = { ...RSA, kid: 'one' };
  const two = { ...OTHER_RSA, kid: 'two' };
  const find = (jwks: unknown[], alg: string, kid?: string) => {
    const found = indexKeys(jwks, ALGORITHMS).find({ alg: alg as never, kid });
    return typeof found === 'object' ? found.kid : found;
  };

  test('finds a key by name and algorithm', () => {
    expect(find([one, two], 'RS256', 'two')).toBe('two');
    expect(find([one, two], 'ES256', 'two')).toBeUndefined();
    expect(find([one, two], 'RS256', 'three')).toBeUndefined();
    expect(find([one], 'RS256', '__proto__')).toBeUndefined();
  });

  test('finds a key without a name only when exactly one fits the algorithm', () => {
    expect(find([one, { ...P256, kid: 'ec' }], 'RS256')).toBe('one');
    expect(find([one, two], 'RS256')).toBe('ambiguous');
    expect(find([one], 'ES256')).toBeUndefined();
  });

  test('does not guess between two keys of one name', () => {
    expect(find([one, { ...OTHER_RSA, kid: 'one' }], 'RS256', 'one')).toBe('ambiguous');
  });

  test('takes a key that is listed twice for one', () => {
    expect(find([one, one], 'RS256', 'one')).toBe('one');
    expect(find([one, one], 'RS256')).toBe('one');
  });

  test('does not give a key without a name to a token that names one', () => {
    expect(find([RSA], 'RS256', 'one')).toBeUndefined();
  });

  test('passes over what is no key', () => {
    expect(
      find([null, 1, 'x', [], {}, { kty: 'oct', k: 'AA', kid: 'one' }, one], 'RS256', 'one'),
    ).toBe('one');
  });

  test('reads the first 256 keys only', () => {
    const filler = Array.from({ length: 255 }, () => ({}));
    expect(indexKeys([...filler, one, two], ['RS256']).size).toBe(1);
  });
});
