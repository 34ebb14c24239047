import { generateKeyPairSync, type JsonWebKeyInput } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../../../src/identity/issuer.ts';
import { importJwk } from '../../../src/identity/keys/jwk.ts';
import { indexKeys } from '../../../src/identity/keys/key-index.ts';
import { noticeOf } from '../../../src/identity/keys/key-refusals.ts';
import { LeftOut } from '../../../src/identity/keys/left-out.ts';

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

const algorithmsOf = (jwk: unknown, allowed = ALGORITHMS as never) => {
  const keys = importJwk(jwk, allowed);
  return keys instanceof LeftOut ? [] : keys.map(({ alg }) => alg);
};

/** Why a JWK gives no key. */
const whyNot = (jwk: unknown, allowed = ALGORITHMS as never) => {
  const keys = importJwk(jwk, allowed);
  return keys instanceof LeftOut ? keys.why : 'it is used';
};

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
    return typeof found === 'object' ? found.map((key) => key.kid).join(' ') : found;
  };

  test('finds a key by name and algorithm', () => {
    expect(find([one, two], 'RS256', 'two')).toBe('two');
    expect(find([one, two], 'ES256', 'two')).toBeUndefined();
    expect(find([one, two], 'RS256', 'three')).toBeUndefined();
    expect(find([one], 'RS256', '__proto__')).toBeUndefined();
  });

  test('finds all keys of an algorithm for a token that names none', () => {
    expect(find([one, { ...P256, kid: 'ec' }], 'RS256')).toBe('one');
    expect(find([one, two], 'RS256')).toBe('one two');
    expect(find([one], 'ES256')).toBeUndefined();
  });

  test('finds both keys of one name', () => {
    expect(find([one, { ...OTHER_RSA, kid: 'one' }], 'RS256', 'one')).toBe('one one');
  });

  test('tries no more than four keys for one token', () => {
    const keys = Array.from({ length: 5 }, () =>
      publicOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    );
    expect(
      indexKeys(keys.slice(1), ALGORITHMS).find({ alg: 'ES256', kid: undefined }),
    ).toHaveLength(4);
    expect(find(keys, 'ES256')).toBe('ambiguous');
    expect(
      find(
        keys.map((key) => ({ ...key, kid: 'k' })),
        'ES256',
        'k',
      ),
    ).toBe('ambiguous');
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

  test('keeps 256 usable keys, whatever stands between them, and says how many there are besides', () => {
    const keys = Array.from({ length: 258 }, (_, place) => ({ ...P256, kid: `k${place}` }));
    const junk = [{}, null, { ...RSA, use: 'enc' }, { kty: 'oct', k: 'AA' }, 'x'];
    const index = indexKeys(
      keys.flatMap((key) => [...junk, key]),
      ['ES256'],
    );
    expect(index).toMatchObject({ size: 256, beyond: 2 });
    expect(index.find({ alg: 'ES256', kid: 'k255' })).toHaveLength(1);
    expect(index.find({ alg: 'ES256', kid: 'k256' })).toBeUndefined();
    expect(noticeOf(index)).toContain('the key set has 258 keys, and only the first 256 are kept');
    expect(noticeOf(indexKeys(keys.slice(2), ['ES256']))).toBeUndefined();
  });
});

/** Nobody sets these: serialisers write them all the same. */
const UNSET = [null, [], ''];
/** Values of a type that none of these members has. */
const NONSENSE = [null, [], '', 0, 1, true, false, {}, { a: 1 }, [null], [1], [{}]];

describe('a member that is not set, or of a type that it cannot have, spoils no key', () => {
  const OPTIONAL = ['alg', 'use', 'key_ops', 'kid', 'x5c', 'x5t', 'x5t#S256', 'x5u', 'ext', 'iat'];
  const SECRET = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'priv'];

  test.each([...OPTIONAL, ...SECRET])('%s', (name) => {
    for (const value of NONSENSE) {
      for (const key of [RSA, P256, ED25519]) {
        expect(whyNot({ ...key, [name]: value })).toBe('it is used');
      }
    }
  });

  test('oth', () => {
    for (const oth of UNSET) expect(whyNot({ ...RSA, oth })).toBe('it is used');
  });

  test('all of them at once', () => {
    for (const value of UNSET) {
      const unset = Object.fromEntries(
        [...OPTIONAL, ...SECRET, 'oth'].map((name) => [name, value]),
      );
      expect(algorithmsOf({ ...unset, ...RSA, alg: 'RS256' })).toEqual(['RS256']);
      expect(algorithmsOf({ ...unset, ...P256, crv: 'P-256' })).toEqual(['ES256']);
    }
  });

  test('members of another type of key', () => {
    expect(whyNot({ ...RSA, crv: null, x: null, y: '' })).toBe('it is used');
    expect(whyNot({ ...P256, n: null, e: [] })).toBe('it is used');
  });
});

describe('a kid', () => {
  const kidOf = (kid: unknown) => {
    const [key] =
      indexKeys([{ ...P256, kid }], ALGORITHMS).find({ alg: 'ES256', kid: undefined }) ?? [];
    return (key as { kid?: string }).kid;
  };

  test.each([[null], [''], [[]], [{}], [true]])('that is %j is none', (kid) => {
    expect(kidOf(kid)).toBeUndefined();
  });

  test('that is a number is read as its digits', () => {
    expect(kidOf(7)).toBe('7');
  });
});

describe('numbers of a key may be spelled', () => {
  const bytes = (text: unknown) => Buffer.from(String(text), 'base64url');
  const respelled = (key: Jwk, names: readonly string[], spell: (text: unknown) => string) => ({
    ...key,
    ...Object.fromEntries(names.map((name) => [name, spell(key[name as 'n'])])),
  });

  test.each([
    ['in plain base64, with padding', (text: unknown) => bytes(text).toString('base64')],
    [
      'in base64url with padding',
      (text: unknown) => `${String(text)}${'='.repeat((4 - (String(text).length % 4)) % 4)}`,
    ],
    [
      'with line breaks',
      (text: unknown) => bytes(text).toString('base64').replaceAll(/.{64}/g, '$&\r\n'),
    ],
    [
      'with a leading zero byte',
      (text: unknown) => Buffer.concat([Buffer.of(0), bytes(text)]).toString('base64url'),
    ],
  ])('%s', (_how, spell) => {
    for (const [key, names] of [
      [RSA, ['n', 'e']],
      [P256, ['x', 'y']],
      [P521, ['x', 'y']],
    ] as const) {
      const jwk = respelled(key, names, spell);
      const [imported] = importJwk(jwk, ALGORITHMS) as readonly {
        publicKey: { export(o: object): Jwk };
      }[];
      expect(imported?.publicKey.export({ format: 'jwk' })).toEqual(key);
    }
  });

  test('without the leading zeros of a coordinate', () => {
    let short: Jwk;
    do short = publicOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    while (bytes(short.x)[0] !== 0);
    const jwk = { ...short, x: bytes(short.x).subarray(1).toString('base64url') };
    const [imported] = importJwk(jwk, ALGORITHMS) as readonly {
      publicKey: { export(o: object): Jwk };
    }[];
    expect(imported?.publicKey.export({ format: 'jwk' })).toEqual(short);
  });
});

describe('a key that is not used is named as what it is', () => {
  const n = (bits: number) => Buffer.alloc(bits / 8, 0xff).toString('base64url');
  test.each([
    [
      'RSA of 1024 bits',
      publicOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
      /^is weak: RSA with 1024 bits, at least 2048/,
    ],
    ['RSA of 8200 bits', { ...RSA, n: n(8200) }, /^is too large: RSA with 8200 bits, at most 8192/],
    ['an exponent of 1', { ...RSA, e: 'AQ' }, /^is broken: its RSA exponent is 1$/],
    ['an exponent of 0', { ...RSA, e: 'AA' }, /^is broken: its RSA exponent is 0$/],
    ['an even exponent', { ...RSA, e: 'Ag' }, /^is broken: its RSA exponent is 2$/],
    ['a huge exponent', { ...RSA, e: RSA['n'] }, /exponent of more than 32 bits/],
    [
      'an even modulus',
      { ...RSA, n: Buffer.alloc(256, 0xfe).toString('base64url') },
      /even number/,
    ],
    [
      'a private key',
      RSA_PAIR.privateKey.export({ format: 'jwk' }),
      /^contains a private or symmetric key/,
    ],
    [
      'RSA with other primes',
      { ...RSA, oth: [{ r: 'AQ', d: 'AQ', t: 'AQ' }] },
      /^contains a private/,
    ],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0' }, /^contains a private or symmetric key/],
    ['a symmetric key without its secret', { kty: 'oct' }, /"kty" "oct": no supported/],
    ['a key for encryption', { ...RSA, use: 'enc' }, /^has the "use" "enc"/],
    [
      'a key for other operations',
      { ...RSA, key_ops: ['encrypt', 'wrapKey'] },
      /"key_ops" without "verify"/,
    ],
    [
      'a key for other operations, not in a list',
      { ...RSA, key_ops: 'encrypt' },
      /"key_ops" without "verify"/,
    ],
    ['a key for key agreement', X25519, /"kty" "OKP" with "crv" "X25519"/],
    ['a key on another curve', SECP256K1, /"crv" "secp256k1"/],
    ['a key of another algorithm', { ...RSA, alg: 'RSA-OAEP' }, /^has the "alg" "RSA-OAEP"/],
    ['a key of no type', { n: RSA['n'], e: RSA['e'] }, /^has no "kty"/],
    [
      'a certificate alone',
      { kty: 'RSA', x5c: ['MIIB'] },
      /^lacks "n" and "e"; the certificate in "x5c" is not read/,
    ],
    ['a modulus that is no base64url', { ...RSA, n: '!?' }, /that are not valid for RSA/],
    ['a coordinate that is too long', { ...P256, x: P521['x'] }, /that are not valid for P-256/],
    ['a point off its curve', { ...P256, y: P256['x'] }, /that are not valid for P-256/],
    [
      'an Ed25519 key that is too short',
      { ...ED25519, x: 'AAAA' },
      /that are not valid for Ed25519/,
    ],
    ['something else', 'x', /is not a JSON object/],
  ])('%s', (_name, jwk, why) => {
    expect(whyNot(jwk)).toMatch(why);
  });

  test('a key of an algorithm that the issuer may not use', () => {
    expect(whyNot({ ...RSA, alg: 'RS512' }, ['RS256'] as never)).toBe(
      'is for RS512, which this issuer\'s "algorithms" do not include',
    );
  });
});
