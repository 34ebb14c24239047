import { describe, expect, test } from 'vitest';
import { type AccountClaims, readAccountJwt } from '../../src/account/account-jwt.ts';
import { accountProblems, admissionOf } from '../../src/account/admission.ts';
import { assess } from '../../src/account/assess.ts';
import { connectionUse, whyRefused } from '../../src/nats/admission.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import type { AccountBody } from '../support/account-body.ts';
import { accountJwt, NOW, NOW_SECONDS, operatorKey, ringKey, ringOf, viewOf } from './rings.ts';

const DAY = 86_400;
const USER = 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4';

function claimsOf(options: Parameters<typeof accountJwt>[0] & { nbf?: number } = {}) {
  const { nbf, ...rest } = options;
  const claims = readAccountJwt(accountJwt(rest)) as AccountClaims;
  return nbf === undefined ? claims : { ...claims, nbf };
}

function problems(options: Parameters<typeof claimsOf>[0]) {
  return accountProblems(claimsOf(options), { nowSeconds: NOW_SECONDS });
}

const limits = (more: object) => ({ limits: more as AccountBody['limits'] });

describe('an account accepts no users', () => {
  test.each<[string, Parameters<typeof claimsOf>[0], string]>([
    ['once its JWT expired', { exp: NOW_SECONDS }, 'expired at 2027-01-15T08:00:00.000Z'],
    ['before its JWT is valid', { nbf: NOW_SECONDS + 1 }, 'not valid before'],
    [
      'while an auth callout decides',
      { authorization: { auth_users: [USER] } },
      'authorization.auth_users',
    ],
    ['without connections', limits({ conn: 0 }), 'limits.conn'],
    ['with fewer than none, which servers count', limits({ conn: -2 }), 'limits.conn'],
    ['without subscriptions', limits({ subs: 0 }), 'limits.subs'],
    [
      'while all users issued now are revoked',
      { revocations: { '*': NOW_SECONDS } },
      'revocations "*"',
    ],
  ])('%s', (_, options, why) => {
    expect(problems(options)).toEqual([{ refuses: true, message: expect.stringContaining(why) }]);
  });

  test('where its JWT has no limits: servers take what is missing for 0', () => {
    const { nats, ...claims } = claimsOf();
    const bare = { ...claims, nats: { ...nats, limits: undefined } };
    expect(accountProblems(bare, { nowSeconds: NOW_SECONDS })[0]?.refuses).toBe(true);
  });
});

test.each<[string, Parameters<typeof claimsOf>[0]]>([
  ['nothing is special', {}],
  ['limits are small but not none', limits({ conn: 1, subs: 1, payload: 1 })],
  ['it takes no leaf nodes', limits({ leaf: 0 })],
  ['its auth callout has no users', { authorization: { auth_users: [] } }],
  ['users from before were revoked', { revocations: { '*': NOW_SECONDS - 1 } }],
  ['its JWT expires long from now', { exp: NOW_SECONDS + 15 * DAY }],
  ['its JWT was valid from the start', { nbf: NOW_SECONDS }],
  ['exp is 0, which means none', { exp: 0 }],
])('an account is as it should be where %s', (_, options) => {
  expect(problems(options)).toEqual([]);
});

test.each([
  [14 * DAY, 'in 14 days'],
  [2 * DAY - 1, 'in 1 day,'],
  [60, 'within a day'],
])('a JWT that expires within %s s is a warning', (left, text) => {
  expect(problems({ exp: NOW_SECONDS + left })).toEqual([
    { refuses: false, message: expect.stringContaining(text) },
  ]);
});

test('an account whose users can send nothing is a warning: they may listen', () => {
  expect(problems(limits({ payload: 0 }))).toEqual([
    { refuses: false, message: expect.stringContaining('limits.payload') },
  ]);
});

test('who is only for leaf nodes is let in where leaf nodes are, whatever clients may', () => {
  const leaf = connectionUse(['LEAFNODE', 'LEAFNODE_WS']);
  const both = connectionUse(['LEAFNODE', 'WEBSOCKET']);
  const at = { nowSeconds: NOW_SECONDS };
  const noClients = admissionOf(claimsOf(limits({ conn: 0 })));
  const noLeafNodes = admissionOf(claimsOf(limits({ leaf: 0 })));
  expect(whyRefused(noClients, { ...at, use: leaf })).toBeUndefined();
  expect(whyRefused(noClients, { ...at, use: both })).toBeUndefined();
  expect(whyRefused(noClients, { ...at, use: connectionUse(undefined) })).toContain('limits.conn');
  expect(whyRefused(noLeafNodes, { ...at, use: leaf })).toContain('limits.leaf');
  expect(whyRefused(noLeafNodes, { ...at, use: both })).toBeUndefined();
});

describe('what the servers hold', () => {
  const key = ringKey();
  const staged = ringKey({ state: 'staged' });
  const issuers = new Set<string>([operatorKey.publicKey]);
  const listed = accountJwt({ signing_keys: [key.publicKey] });
  const look = (view: ReturnType<typeof viewOf>, ring = ringOf([key])) =>
    assess({ view, ring, issuers, now: NOW });

  test('nothing: the account is unknown, but only where a store says so', () => {
    const nothing = viewOf(['not-loaded'], []);
    expect(look({ ...nothing, emptyStores: 1 }).admission).toEqual({ obstacles: ['unknown'] });
    expect(look(nothing).admission).toBeUndefined();
    const silent = { ...viewOf(['not-loaded', 'silent'], []), emptyStores: 1 };
    expect(look(silent).admission).toBeUndefined();
  });

  test('an account that was deleted is closed, and gets nothing pushed that would bring it back', () => {
    const { servers } = viewOf([listed]);
    const deleted = {
      servers: servers.map((server) => ({ ...server, expired: true })),
      stored: [],
      emptyStores: 1,
    };
    const seen = look(deleted, ringOf([key, staged]));
    expect(seen.admission).toEqual({ obstacles: ['deleted'] });
    expect(seen.push).toBeUndefined();
    // Where servers have no store nothing is deleted: what they loaded is in force.
    expect(look({ servers, stored: [], emptyStores: 0 }).admission).toEqual({});
  });

  test('a JWT that no server would apply causes no push', () => {
    const expired = accountJwt({ exp: NOW_SECONDS - 1, signing_keys: [key.publicKey] });
    const seen = look(viewOf([expired]), ringOf([key, staged]));
    expect(seen.push).toBeUndefined();
    expect(seen.admission).toEqual({ expiresAt: NOW_SECONDS - 1 });
    expect(look(viewOf([listed]), ringOf([key, staged])).push?.why).toBe('new');
  });

  test('a JWT by a stranger only: no trusted issuer accepts users', () => {
    const stranger = accountJwt({ signer: createKeyPair('operator') });
    expect(look(viewOf(['not-loaded'], [stranger])).admission).toEqual({
      obstacles: ['untrusted'],
    });
  });
});
