import { describe, expect, test } from 'vitest';
import { assess } from '../../src/account/assess.ts';
import { listingOf } from '../../src/account/listing.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import {
  accountJwt,
  accountKey,
  NOW,
  NOW_SECONDS,
  operatorKey,
  publisher,
  ringKey,
  ringOf,
  viewOf,
} from './rings.ts';

const issuers = new Set<string>([operatorKey.publicKey]);
const key = ringKey();
const ring = ringOf([key]);
const listed = accountJwt({ signing_keys: [key.publicKey] });
const bare = accountJwt({ iat: NOW_SECONDS - 200 });

function assessed(view: ReturnType<typeof viewOf>, of = ring) {
  return assess({ view, ring: of, issuers, now: NOW });
}

describe('a key is confirmed', () => {
  test.each([
    ['when every server has applied it', viewOf([listed, listed])],
    ['when servers without it loaded can only load it', viewOf([listed, 'not-loaded'], [listed])],
    ['when it is stored and nothing is loaded', viewOf(['not-loaded'], [listed])],
  ])('%s', (_, view) => {
    expect(assessed(view).confirmed).toEqual(new Set([key.publicKey]));
  });

  const untrusted = accountJwt({
    signing_keys: [key.publicKey],
    signer: createKeyPair('operator'),
  });
  test.each([
    ['one server has applied another JWT', viewOf([listed, bare])],
    ['a server might load another JWT', viewOf([listed, 'not-loaded'], [listed, bare])],
    ['nothing is loaded and nothing stored', viewOf(['not-loaded'], [])],
    ['a server is silent', viewOf([listed, 'silent'])],
    ['a server has a JWT of a stranger', viewOf([listed, untrusted])],
    [
      'it is listed in another form',
      viewOf([
        accountJwt({
          signing_keys: [
            { kind: 'user_scope', key: key.publicKey, role: 'x', template: publisher().template },
          ],
        }),
      ]),
    ],
  ])('but not when %s', (_, view) => {
    expect(assessed(view).confirmed).toEqual(new Set());
  });

  test('tied to its role with the template of the ring, and with no other', () => {
    const scoped = ringKey({ scope: publisher() });
    const entry = (allow: string) =>
      accountJwt({
        signing_keys: [
          {
            kind: 'user_scope',
            key: scoped.publicKey,
            role: 'publisher',
            template: publisher(allow).template,
          },
        ],
      });
    const of = ringOf([scoped]);
    expect(assessed(viewOf([entry('orders.>')]), of).confirmed.size).toBe(1);
    expect(assessed(viewOf([entry('other.>')]), of).confirmed.size).toBe(0);
  });
});

describe('a push', () => {
  test('is not needed when every server has what the ring wants', () => {
    expect(assessed(viewOf([listed, listed])).push).toBeUndefined();
  });

  test('is not needed for what others changed and does not concern us', () => {
    const other = accountJwt({ signing_keys: [key.publicKey], description: 'x', iat: NOW_SECONDS });
    expect(assessed(viewOf([listed, other])).push).toBeUndefined();
  });

  test('brings what is new', () => {
    const staged = ringKey({ state: 'staged' });
    const { push, lost } = assessed(viewOf([listed]), ringOf([key, staged]));
    expect(push?.why).toBe('new');
    expect(push?.claims.nats.signing_keys).toEqual([key.publicKey, staged.publicKey]);
    expect(push?.claims.iat).toBe(NOW_SECONDS);
    expect(lost).toEqual([]);
  });

  test.each([
    ['has applied an older one', viewOf([listed, bare], [listed, listed])],
    ['stores an older one', viewOf([listed, 'not-loaded'], [listed, bare])],
  ])('with a later date is for a server that %s', (_, view) => {
    const { push } = assessed(view);
    expect(push?.why).toBe('server-behind');
    expect(push?.claims.iat).toBe(NOW_SECONDS);
  });

  test('is dated after every JWT that was seen, one of a stranger included', () => {
    const untrusted = accountJwt({ signer: createKeyPair('operator'), iat: NOW_SECONDS + 500 });
    const { push } = assessed(viewOf([bare, untrusted]));
    expect(push?.claims.iat).toBe(NOW_SECONDS + 501);
  });

  test('mends what a newer JWT of others has dropped', () => {
    const edited = accountJwt({ iat: NOW_SECONDS - 1, description: 'edited' });
    const { push, lost } = assessed(viewOf([edited]));
    expect(lost).toEqual([key.publicKey]);
    expect(push?.why).toBe('drift');
    expect(push?.claims.nats).toMatchObject({
      description: 'edited',
      signing_keys: [key.publicKey],
    });
  });

  test('mends a staged key that is dropped while another server still lists it', () => {
    const staged = ringOf([{ ...key, state: 'staged' }]);
    const edited = accountJwt({ iat: NOW_SECONDS - 1 });
    expect(assessed(viewOf([edited, listed]), staged).lost).toEqual([key.publicKey]);
    expect(assessed(viewOf([edited, edited]), staged).lost).toEqual([]);
  });

  test('goes on from the newest JWT of a trusted issuer', () => {
    const newest = accountJwt({ description: 'newest', iat: NOW_SECONDS - 5 });
    const untrusted = accountJwt({
      signer: createKeyPair('operator'),
      description: 'evil',
      iat: NOW_SECONDS,
    });
    const { push, problems } = assessed(viewOf([bare, newest], [untrusted]));
    expect(push?.claims.nats).toMatchObject({ description: 'newest' });
    expect(problems.join()).toContain('not a key of the trusted operator');
  });
});

describe('nats-sts overwrites nothing', () => {
  test('when only a stranger has signed, and the problem names them', () => {
    const signer = createKeyPair('operator');
    const { base, push, problems } = assessed(viewOf([accountJwt({ signer })]));
    expect([base, push]).toEqual([undefined, undefined]);
    expect(problems.join()).toContain(signer.publicKey);
    expect(problems.join()).toContain('nats-sts overwrites nothing');
  });

  test('when the JWT is that of another account', () => {
    const sub = createKeyPair('account').publicKey;
    const { base, problems } = assessed(viewOf([accountJwt({ sub })]));
    expect(base).toBeUndefined();
    expect(problems.join()).toContain(sub);
  });

  test('when no server knows the account, and the problem says what to do', () => {
    const { push, problems } = assessed(viewOf(['not-loaded'], []));
    expect(push).toBeUndefined();
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`${accountKey.publicKey}.*nsc push.*resolver of type full`)),
    ]);
  });

  test('where servers would forget it again, for none has a resolver that stores', () => {
    expect(assessed(viewOf([listed, 'not-loaded'], [])).problems).toEqual([
      expect.stringMatching(/no server stores.*resolver of type full/),
    ]);
    expect(assessed(viewOf([listed, 'not-loaded'], [listed])).problems).toEqual([]);
  });

  test('when what is stored is no JWT', () => {
    const { base, problems } = assessed(viewOf(['not-loaded'], ['a.b.c']));
    expect(base).toBeUndefined();
    expect(problems.join()).toContain('cannot read a JWT of account');
  });
});

test('an expired account JWT is reported as a problem', () => {
  const expired = accountJwt({ exp: NOW_SECONDS - 1, signing_keys: [key.publicKey] });
  expect(assessed(viewOf([expired])).problems.join()).toContain('has expired');
});

describe('an account JWT that is dated more than a day ahead', () => {
  const ahead = NOW_SECONDS + 86_401;
  const future = accountJwt({
    iat: ahead,
    signing_keys: [key.publicKey],
    description: 'from the future',
  });

  test('is reported in words that do not change between looks', () => {
    const { problems } = assessed(viewOf([future]));
    expect(problems.join()).toContain('in the future, 2027-01-16T08:00:01.000Z');
    const earlier = assess({ view: viewOf([future]), ring, issuers, now: NOW - 5000 });
    expect(earlier.problems).toEqual(problems);
  });

  test('is not gone on from, and is replaced, where there is another', () => {
    const { push } = assessed(viewOf([future, listed]));
    expect(push?.why).toBe('server-behind');
    expect(push?.claims.nats).not.toMatchObject({ description: 'from the future' });
    expect(push?.claims.iat).toBe(NOW_SECONDS);
  });

  test('is replaced by the same of today where there is no other', () => {
    const { push, lost } = assessed(viewOf([future, future]));
    expect(push?.claims.nats).toMatchObject({ description: 'from the future' });
    expect(push?.claims.iat).toBe(NOW_SECONDS);
    expect(lost).toEqual([]);
  });

  test('does not move our own date, whoever signed it', () => {
    const signer = createKeyPair('operator');
    for (const iat of [ahead, NOW_SECONDS * 2, Number.MAX_SAFE_INTEGER, -1]) {
      const stranger = accountJwt({ signer, iat });
      const { push, problems } = assessed(viewOf([bare], [bare, stranger]));
      expect(push?.claims.iat).toBe(NOW_SECONDS);
      expect(problems).not.toEqual([]);
    }
  });

  test('still makes keys of an external account sign: servers do not look at the date', () => {
    const found = assess({
      view: viewOf([future]),
      ring: ringOf([key], { kind: 'external' }),
      now: NOW,
    });
    expect(found.confirmed).toEqual(new Set([key.publicKey]));
  });
});

test('our own account JWT is never dated more than a day ahead', () => {
  const signer = createKeyPair('operator');
  const latest = accountJwt({ signer, iat: NOW_SECONDS + 86_400 });
  expect(assessed(viewOf([bare], [latest])).push?.claims.iat).toBe(NOW_SECONDS + 86_400);
});

describe('a key of an external account', () => {
  const external = (...keys: Parameters<typeof ringOf>[0]) => ringOf(keys, { kind: 'external' });
  const scoped = ringKey({ scope: publisher() });
  const entry = (role: string, allow: string) =>
    accountJwt({
      signing_keys: [
        { kind: 'user_scope', key: scoped.publicKey, role, template: publisher(allow).template },
      ],
    });

  test('signs when every server lists it, and nothing is pushed', () => {
    const found = assess({ view: viewOf([listed, listed]), ring: external(key), now: NOW });
    expect(found.confirmed).toEqual(new Set([key.publicKey]));
    expect(found.push).toBeUndefined();
  });

  test('signs when it is scoped to less than the role', () => {
    const found = assess({
      view: viewOf([entry('publisher', 'orders.a')]),
      ring: external(scoped),
      now: NOW,
    });
    expect(found.confirmed).toEqual(new Set([scoped.publicKey]));
  });

  test.each([
    ['the account does not list it', bare, scoped],
    ['it is listed as a plain key', accountJwt({ signing_keys: [scoped.publicKey] }), scoped],
    [
      'it is listed as a plain key',
      accountJwt({ signing_keys: [listingOf(scoped), scoped.publicKey] }),
      scoped,
    ],
    [
      'its template differs from role publisher: it allows publishing to ">"',
      entry('publisher', '>'),
      scoped,
    ],
    ['another role, "other"', entry('other', 'orders.>'), scoped],
    [
      'it is the scoped key of role "publisher", not a plain signing key',
      entry('publisher', 'orders.>'),
      { ...scoped, scope: undefined },
    ],
  ])('does not sign, and says why: %s', (why, jwt, given) => {
    const { scope, ...rest } = given;
    const ring = external({ ...rest, ...(scope && { scope }) });
    const found = assess({ view: viewOf([jwt]), ring, now: NOW });
    expect(found.confirmed).toEqual(new Set());
    expect(found.unusable.get(scoped.publicKey)).toContain(why);
  });

  test.each([
    ['is not known where a server has not loaded it and none stores it', ['not-loaded'], [], true],
    ['is not known where only another server has', [listed, 'not-loaded'], [], true],
    ['is known where what it would load is stored', ['not-loaded'], [listed], false],
    [
      'is not known, for another reason, where a server is silent',
      ['not-loaded', 'silent'],
      [],
      undefined,
    ],
  ])('%s', (_, servers, stored, unloaded) => {
    const found = assess({ view: viewOf(servers, stored), ring: external(key), now: NOW });
    expect(found.complete).toBe(unloaded === false);
    expect(found.unloaded).toBe(unloaded === true);
    expect(found.problems.join()).not.toContain('type full');
  });

  test('signs when it is the account key itself', () => {
    const identity = ringKey({ publicKey: accountKey.publicKey });
    const found = assess({ view: viewOf([bare]), ring: external(identity), now: NOW });
    expect(found.confirmed).toEqual(new Set([accountKey.publicKey]));
  });
});
