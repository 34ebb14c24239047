import { decode, encodeUser } from '@nats-io/jwt';
import { createAccount, createUser } from '@nats-io/nkeys';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scopedSigningKey } from '../../src/nats/account-claims.ts';
import { account } from '../support/account-body.ts';
import {
  decodeJwt,
  encodeJwt,
  type JwtClaims,
  type NatsBody,
  natsJsonOf,
  signJwt,
  unsignedJwt,
} from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { operator } from '../support/operator-body.ts';
import { directUser, scopedUser } from '../../src/nats/user-claims.ts';

const issuer = createKeyPair('account');
const user = createKeyPair('user');
const IAT = 1_700_000_000;

function encode(claims: Partial<JwtClaims> & Pick<JwtClaims, 'nats'>): string {
  return encodeJwt({
    claims: { sub: user.publicKey, iat: IAT, ...claims },
    issuerPublicKey: issuer.publicKey,
    sign: issuer.sign,
  });
}

const ACTIVATION = { type: 'activation', version: 2, subject: 'a.>', kind: 'stream' } as const;

const BODIES: Readonly<Record<string, NatsBody>> = {
  operator: operator({ system_account: issuer.publicKey, strict_signing_key_usage: true }),
  account: account({
    limits: { conn: 10 },
    signing_keys: [
      issuer.publicKey,
      scopedSigningKey({
        key: issuer.publicKey,
        role: 'r',
        template: { pub: { allow: ['a.{{tag(x)}}'] } },
      }),
    ],
  }),
  'direct user': directUser({
    issuer_account: issuer.publicKey,
    pub: { allow: ['orders.>'], deny: ['orders.secret'] },
    sub: { allow: ['_INBOX.>'] },
    resp: { max: 1, ttl: 5_000_000_000 },
    src: ['10.0.0.0/8'],
    times: [{ start: '08:00:00', end: '18:00:00' }],
    times_location: 'Europe/Berlin',
    allowed_connection_types: ['STANDARD'],
    tags: ['env:prod'],
  }),
  'scoped user': scopedUser({ issuer_account: issuer.publicKey, tags: ['repo:42'] }),
  activation: ACTIVATION,
};

describe('a JWT', () => {
  test.each(Object.entries(BODIES))(
    'of kind %s is what the reference library reads, claim for claim',
    (_, nats) => {
      const claims = { exp: IAT + 60, nbf: IAT, name: 'a "quoted" name', aud: 'someone' };
      expect(decode(encode({ ...claims, nats }))).toEqual({
        ...claims,
        jti: expect.stringMatching(/^[A-Z2-7]{52}$/),
        iat: IAT,
        iss: issuer.publicKey,
        sub: user.publicKey,
        nats,
      });
    },
  );

  test('has the header, and no padding, that NATS asks for', () => {
    const [header = '', ...rest] = encode({ nats: BODIES['scoped user']! }).split('.');
    expect(Buffer.from(header, 'base64url').toString()).toBe('{"typ":"JWT","alg":"ed25519-nkey"}');
    expect([header, ...rest].join('')).toMatch(/^[\w-]+$/);
  });

  test('leaves out the claims that are not given', () => {
    const claims = decodeJwt(encode({ exp: undefined, nats: BODIES['scoped user']! }));
    expect(Object.keys(claims).sort()).toEqual(['iat', 'iss', 'jti', 'nats', 'sub']);
  });

  test('is the same, byte for byte, from a NATS part that was serialised before', () => {
    const nats = BODIES['direct user']!;
    expect(encode({ nats: natsJsonOf(nats) })).toBe(encode({ nats }));
  });

  test('carries names in any script', () => {
    const jwt = encode({ name: 'Jürgen 東京 \u2028 \\', nats: BODIES['scoped user']! });
    expect(decodeJwt(jwt)).toMatchObject({ name: 'Jürgen 東京 \u2028 \\' });
  });

  test('is its unsigned form, a dot and 86 characters', () => {
    const claims = { sub: user.publicKey, iat: IAT, nats: BODIES['scoped user']! };
    const unsigned = unsignedJwt(claims, issuer.publicKey);
    const jwt = signJwt(unsigned, issuer.sign);
    expect(jwt).toBe(encode(claims));
    expect(jwt.startsWith(`${unsigned}.`)).toBe(true);
    expect(jwt).toHaveLength(unsigned.length + 87);
  });

  test('has an identifier of its own as soon as anything differs', () => {
    const body = BODIES['direct user']!;
    const jwts = [
      encode({ nats: body }),
      encode({ nats: BODIES['scoped user']! }),
      encode({ nats: body, iat: IAT + 1 }),
      encode({ nats: body, name: 'x' }),
    ];
    const identifiers = jwts.map((jwt) => decode(jwt).jti);
    expect(new Set(identifiers).size).toBe(jwts.length);
    expect(decode(encode({ nats: body })).jti).toBe(identifiers[0]);
  });
});

describe('decoding', () => {
  test('gives back what was encoded', () => {
    const name = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed());
    fc.assert(
      fc.property(name, fc.nat(), fc.constantFrom(...Object.values(BODIES)), (name, exp, nats) => {
        expect(decodeJwt(encode({ name, exp, nats }))).toMatchObject({ name, exp, nats });
      }),
    );
  });

  test('reads what the reference library wrote', async () => {
    const reference = createAccount();
    const jwt = await encodeUser('joe', createUser(), reference, {
      pub: { allow: ['a'], deny: [] },
    });
    expect(decodeJwt(jwt)).toMatchObject({ name: 'joe', iss: reference.getPublicKey() });
  });

  test('refuses a JWT with any one character changed', () => {
    const jwt = encode({ nats: BODIES['scoped user']! });
    const characters = 'ABCDwxyz0189-_.=+ \n'.split('');
    fc.assert(
      fc.property(fc.nat(jwt.length - 1), fc.constantFrom(...characters), (at, character) => {
        fc.pre(jwt[at] !== character);
        const changed = jwt.slice(0, at) + character + jwt.slice(at + 1);
        expect(decodeJwt(changed)).toBeInstanceOf(Malformed);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses another spelling of the same signature', () => {
    const jwt = encode({ nats: BODIES['scoped user']! });
    // The last of 86 characters carries two bits only: 15 others decode to the same 64 bytes.
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
    const others = last.map((character) => jwt.slice(0, -1) + character);
    const padded = ['=', '==', '\n', ' '].map((tail) => jwt + tail);
    const accepted = [...others, ...padded].filter(
      (text) => !(decodeJwt(text) instanceof Malformed),
    );
    expect(accepted).toEqual([jwt]);
  });

  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const HEADER = { typ: 'JWT', alg: 'ed25519-nkey' };
  const CLAIMS = {
    iss: issuer.publicKey,
    sub: user.publicKey,
    iat: IAT,
    nats: { type: 'user', version: 2 },
  };
  const signed = (header: unknown, claims: unknown) => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
  };

  test('takes the hand-made JWT that the refusals below vary', () => {
    expect(decodeJwt(signed(HEADER, CLAIMS))).toEqual(CLAIMS);
  });

  test.each([
    ['another algorithm', { ...HEADER, alg: 'none' }, CLAIMS],
    ['the algorithm of version 1', { ...HEADER, alg: 'ed25519' }, CLAIMS],
    ['no type', { alg: HEADER.alg }, CLAIMS],
    ['a header that is no object', [HEADER], CLAIMS],
    ['claims that are no object', HEADER, 'claims'],
    ['no issuer', HEADER, { ...CLAIMS, iss: undefined }],
    ['an issuer that is no nkey', HEADER, { ...CLAIMS, iss: 'me' }],
    [
      'another issuer than who signed',
      HEADER,
      { ...CLAIMS, iss: createKeyPair('account').publicKey },
    ],
    ['no subject', HEADER, { ...CLAIMS, sub: undefined }],
    ['an expiry that is text', HEADER, { ...CLAIMS, exp: '1' }],
    ['no NATS part', HEADER, { ...CLAIMS, nats: undefined }],
    ['a NATS part of version 1', HEADER, { ...CLAIMS, nats: { type: 'user', version: 1 } }],
    ['a NATS part without a type', HEADER, { ...CLAIMS, nats: { version: 2 } }],
  ])('refuses %s', (_, header, claims) => {
    expect(decodeJwt(signed(header, claims))).toBeInstanceOf(Malformed);
  });

  test('refuses any text that is no JWT, without a fault', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeJwt(text)).toBeInstanceOf(Malformed);
        expect(decodeJwt(`${text}.${text}.${text}`)).toBeInstanceOf(Malformed);
      }),
    );
  });
});
