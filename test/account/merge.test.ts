import { describe, expect, test } from 'vitest';
import { type AccountClaims, readAccountJwt } from '../../src/account/account-jwt.ts';
import { mergeAccount, sameForUs } from '../../src/account/merge.ts';
import { AccountTooLarge, signAccount } from '../../src/account/sign-account.ts';
import { unsignedJwtOf, signJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { createOperatorWorld } from '../support/operator-world.ts';
import { accountJwt, accountKey, operatorKey, publisher, ringKey, ringOf } from './rings.ts';

function read(jwt: string): AccountClaims {
  const claims = readAccountJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims;
}

const foreign = createKeyPair('account').publicKey;
const user = createKeyPair('user').publicKey;
const stranger = createKeyPair('user').publicKey;

describe('signing keys', () => {
  test('staged, active and draining ones are added behind those of others', () => {
    const keys = (['staged', 'active', 'draining'] as const).map((state) => ringKey({ state }));
    const merged = mergeAccount(read(accountJwt({ signing_keys: [foreign] })), ringOf(keys));
    expect(merged.nats.signing_keys).toEqual([foreign, ...keys.map((key) => key.publicKey)]);
  });

  test('one tied to a role is listed with the role, its template and our name', () => {
    const key = ringKey({ scope: publisher() });
    const merged = mergeAccount(read(accountJwt()), ringOf([key]));
    expect(merged.nats.signing_keys).toEqual([
      {
        kind: 'user_scope',
        key: key.publicKey,
        role: 'publisher',
        template: { subs: -1, data: -1, payload: -1, pub: { allow: ['orders.>'] } },
        description: 'nats-sts',
      },
    ]);
  });

  test('a retired one is taken out, in whatever form', () => {
    const keys = [ringKey({ state: 'retired' }), ringKey({ state: 'retired', scope: publisher() })];
    const listed = keys.map((key) => key.publicKey);
    const merged = mergeAccount(
      read(accountJwt({ signing_keys: [listed[0]!, foreign, listed[1]!] })),
      ringOf(keys),
    );
    expect(merged.nats.signing_keys).toEqual([foreign]);
  });

  test.each([
    ['plainly', (key: string) => key],
    [
      'with other permissions',
      (key: string) => ({ ...scoped(key), template: { subs: -1, data: -1, payload: -1 } }),
    ],
    ['for another role', (key: string) => ({ ...scoped(key), role: 'other' })],
  ])('one of ours that is listed %s is put right in its place', (_, form) => {
    const key = ringKey({ scope: publisher() });
    const jwt = accountJwt({ signing_keys: [form(key.publicKey), foreign] });
    const merged = mergeAccount(read(jwt), ringOf([key]));
    expect(merged.nats.signing_keys).toEqual([
      { ...scoped(key.publicKey), description: 'nats-sts' },
      foreign,
    ]);
  });

  test('one that another tool has written in its own spelling is left as it is', () => {
    const key = ringKey({ scope: publisher() });
    const template = { pub: { allow: ['orders.>'] }, sub: {}, subs: -1, data: -1, payload: -1 };
    const jwt = accountJwt({ signing_keys: [{ ...scoped(key.publicKey), template }] });
    expect(sameForUs(read(jwt), ringOf([key]))).toBe(true);
  });

  test('one that is listed twice is listed once', () => {
    const key = ringKey();
    const jwt = accountJwt({ signing_keys: [key.publicKey, foreign, key.publicKey] });
    const merged = mergeAccount(read(jwt), ringOf([key]));
    expect(merged.nats.signing_keys).toEqual([key.publicKey, foreign]);
  });
});

function scoped(key: string) {
  const template = { subs: -1, data: -1, payload: -1, pub: { allow: ['orders.>'] } };
  return { kind: 'user_scope', key, role: 'publisher', template } as const;
}

describe('revocations', () => {
  const revoked = (at: number, more: { readonly gone?: true } = {}) =>
    ringOf([], { revoked: { [user]: { at, until: at + 100, by: ['r'], ...more } } });

  test('are added to those of others', () => {
    const merged = mergeAccount(read(accountJwt({ revocations: { [stranger]: 5 } })), revoked(10));
    expect(merged.nats.revocations).toEqual({ [stranger]: 5, [user]: 10 });
  });

  test.each([
    ['an earlier one grows', 3, 10],
    ['a later one of others stays', 30, 30],
  ])('%s', (_, there, expected) => {
    const merged = mergeAccount(read(accountJwt({ revocations: { [user]: there } })), revoked(10));
    expect(merged.nats.revocations).toEqual({ [user]: expected });
  });

  test.each([
    ['an earlier one that is written as 5e0 grows', '5e0', '10'],
    ['one beyond 2^53 stays', '9223372036854775807', '9223372036854775807'],
    ['one that is no time stays', '"x"', '"x"'],
  ])('%s, and nothing is thrown', (_, there, expected) => {
    const nats = `{"revocations":{"${user}":${there}},"type":"account","version":2}`;
    const json = `{"iat":1,"iss":"${operatorKey.publicKey}","sub":"${accountKey.publicKey}","nats":${nats}}`;
    const jwt = signJwt(unsignedJwtOf(json), operatorKey.sign);
    const merged = mergeAccount(read(jwt), revoked(10));
    expect(JSON.stringify(merged.nats.revocations)).toBe(`{"${user}":${expected}}`);
  });

  test.each([
    ['goes when it is gone from the ring and the time is still ours', 10, {}],
    ['stays when it is gone from the ring and the time is not ours', 11, { [user]: 11 }],
  ])('one %s', (_, there, expected) => {
    const jwt = accountJwt({ revocations: { [user]: there } });
    const merged = mergeAccount(read(jwt), revoked(10, { gone: true }));
    expect(merged.nats.revocations).toEqual(expected);
  });
});

describe('everything else', () => {
  const json = `{"iat":1800000000,"iss":"${operatorKey.publicKey}","sub":"${accountKey.publicKey}","x-other":{"n":1.0},"nats":{"limits":{"payload":9223372036854775807,"subs":-1},"unknown":[18446744073709551615],"signing_keys":["${foreign}"],"type":"account","version":2},"name":"APP"}`;
  const jwt = signJwt(unsignedJwtOf(json), operatorKey.sign);

  test('comes out of merging and signing as it went in, digit by digit and in its order', () => {
    const key = ringKey();
    const signed = signAccount({
      claims: mergeAccount(read(jwt), ringOf([key])),
      signer: operatorKey,
    });
    const payload = Buffer.from(signed.split('.')[1]!, 'base64url').toString();
    expect(payload.replace(/"jti":"[A-Z2-7]+",/, '')).toBe(
      json.replace(`"${foreign}"`, `"${foreign}","${key.publicKey}"`),
    );
    expect(readAccountJwt(signed)).not.toBeInstanceOf(Malformed);
  });

  test('that is as we want it makes the same object', () => {
    const found = read(jwt);
    expect(mergeAccount(found, ringOf([]))).toBe(found);
    expect(sameForUs(found, ringOf([]))).toBe(true);
    expect(sameForUs(found, ringOf([ringKey()]))).toBe(false);
  });
});

test('merging twice is merging once', () => {
  const ring = ringOf([ringKey(), ringKey({ scope: publisher() }), ringKey({ state: 'retired' })], {
    revoked: {
      [user]: { at: 10, until: 20, by: ['r'] },
      [stranger]: { at: 1, until: 2, by: [], gone: true },
    },
  });
  const once = mergeAccount(read(accountJwt({ revocations: { [stranger]: 1 } })), ring);
  expect(mergeAccount(once, ring)).toBe(once);
});

test('the JWT of an external account is never written', () => {
  expect(() => mergeAccount(read(accountJwt()), ringOf([], { kind: 'external' }))).toThrow(
    'not ours to write',
  );
});

test('an account JWT that servers would not take is not signed, and the error has the numbers', () => {
  const revocations = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`${user}${index}`, 1]),
  );
  const claims = read(accountJwt({ revocations }));
  expect(() => signAccount({ claims, signer: operatorKey })).toThrow(AccountTooLarge);
  expect(() => signAccount({ claims, signer: operatorKey })).toThrow(
    /would have \d{7} bytes.*1048576/,
  );
});

test.each([
  ['an operator JWT', createOperatorWorld().operator.jwt],
  ['a user JWT', createOperatorWorld().user().jwt],
  ['a text', 'no jwt'],
  [
    'one whose signature is of another text',
    `${accountJwt().slice(0, -86)}${accountJwt({ iat: 1 }).slice(-86)}`,
  ],
])('%s is not an account JWT', (_, text) => {
  expect(readAccountJwt(text)).toBeInstanceOf(Malformed);
});
