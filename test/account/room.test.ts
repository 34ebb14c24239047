import { describe, expect, test } from 'vitest';
import { type AccountClaims, readAccountJwt } from '../../src/account/account-jwt.ts';
import { assess } from '../../src/account/assess.ts';
import { mergeAccount } from '../../src/account/merge.ts';
import { roomForRevoked } from '../../src/account/room.ts';
import { accountJwtBytes, signAccount } from '../../src/account/sign-account.ts';
import { type Ring, trustedKeys } from '../../src/keyring/ring.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { ENTRY_BYTES } from '../../src/revocation/plan.ts';
import { accountJwt, NOW, operatorKey, publisher, ringKey, ringOf, viewOf } from './rings.ts';

const LIMIT = 1024 * 1024;

/** An account JWT of others that is so long, and lists these keys. */
function jwtOf(bytes: number, keys: Ring['keys'] = []): string {
  const signing_keys = keys.map(({ publicKey }) => publicKey);
  const bare = accountJwt({ signing_keys, description: ' ' }).length;
  return accountJwt({
    signing_keys,
    description: ' '.repeat(1 + Math.floor(((bytes - bare) * 3) / 4)),
  });
}

function read(jwt: string): AccountClaims {
  const claims = readAccountJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims;
}

function assessed(jwt: string, ring: Ring) {
  const issuers = new Set<string>([operatorKey.publicKey]);
  return assess({ view: viewOf([jwt]), ring, issuers, now: NOW });
}

function revokedUsers(count: number): Ring['revoked'] {
  const entry = { at: 1_795_343_400, until: 1_895_343_400, by: ['r'] };
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`U${String(n).padStart(55, 'A')}`, entry]),
  );
}

const sign = (claims: AccountClaims) => signAccount({ claims, signer: operatorKey });

test('the length of an account JWT is known before it is signed', () => {
  for (const description of ['', 'a', 'ab', 'abc', 'ü€😀']) {
    const claims = read(accountJwt({ description }));
    expect(accountJwtBytes(claims)).toBe(sign(claims).length);
  }
});

describe('the room for revoked users', () => {
  const active = ringKey();
  const staged = ringKey({ state: 'staged', scope: publisher('x'.repeat(900)) });
  const ring = ringOf([active, staged], { revoked: revokedUsers(5) });

  test('is what everything else leaves but the keys that only wait, whether they are listed or not', () => {
    const jwt = jwtOf(1_000_000, [active]);
    const room = roomForRevoked(read(jwt), ring)!;
    expect(Math.abs(room - (LIMIT - jwt.length))).toBeLessThan(50);
    const withUs = mergeAccount(read(jwt), ring);
    expect(Math.abs(roomForRevoked(withUs, ring)! - room)).toBeLessThan(50);
  });

  test('can be filled, and then the account JWT can be signed', () => {
    const jwt = jwtOf(1_000_000, [active]);
    const room = roomForRevoked(read(jwt), ring)!;
    const full = { ...ring, revoked: revokedUsers(Math.floor(room / ENTRY_BYTES)) };
    const { push } = assessed(jwt, full);
    expect(sign(push!.claims).length).toBeGreaterThan(LIMIT - 1000);
    expect(push!.claims.nats.signing_keys).toEqual([active.publicKey]);
  });

  test('is none where there is none, and not known without an account JWT that is ours to write', () => {
    expect(roomForRevoked(read(jwtOf(LIMIT + 1000)), ring)).toBe(0);
    expect(roomForRevoked(undefined, ring)).toBeUndefined();
    expect(roomForRevoked(read(accountJwt()), { ...ring, kind: 'external' })).toBeUndefined();
  });
});

describe('an account JWT without room for all keys', () => {
  const active = ringKey();
  const scoped = (subject: string) => ringKey({ state: 'staged', scope: publisher(subject) });
  const staged = [scoped('a'), scoped('b'), scoped('c')];
  const jwt = jwtOf(LIMIT - 700, [active]);

  test('the newest staged keys are left out, and it is told; the others and those that sign are listed', () => {
    const ring = ringOf([active, ...staged]);
    const { push, problems } = assessed(jwt, ring);
    const listed = push!.claims.nats.signing_keys!.map((key) =>
      typeof key === 'string' ? key : key.key,
    );
    const [first, second] = staged;
    expect(listed).toEqual([active.publicKey, first!.publicKey, second!.publicKey]);
    expect(() => sign(push!.claims)).not.toThrow();
    expect(problems.join()).toMatch(/no room for the signing keys of publisher/);
    expect(assessed(sign(push!.claims), ring).push).toBeUndefined();
  });

  test('users are revoked and keys retired all the same', () => {
    const retired = ringKey({ state: 'retired' });
    const ring = ringOf([active, retired, ...staged], { revoked: revokedUsers(3) });
    const { push } = assessed(jwtOf(LIMIT - 400, [active, retired]), ring);
    expect(push!.claims.nats.signing_keys).toEqual([active.publicKey]);
    expect(Object.keys(push!.claims.nats.revocations!)).toHaveLength(3);
    expect(() => sign(push!.claims)).not.toThrow();
  });

  test('also while somebody else’s JWT has dropped the key that signs, and leaves no room for it', () => {
    const gone = createKeyPair('account').publicKey;
    const ring = ringOf([active, ringKey({ state: 'retired', publicKey: gone }), ...staged]);
    const full = jwtOf(LIMIT - 20, [ringKey({ publicKey: gone })]);
    const big = ringOf([{ ...active, scope: publisher('x'.repeat(500)) }, ...ring.keys.slice(1)]);
    const { push, lost, problems } = assessed(full, big);
    expect(push!.claims.nats.signing_keys).toEqual([]);
    expect(lost).toEqual([active.publicKey]);
    expect(problems.join()).toContain('no room');
    expect(() => sign(push!.claims)).not.toThrow();
  });

  test('it is reported early, from three quarters on', () => {
    const ring = ringOf([active]);
    expect(assessed(jwtOf(LIMIT * 0.74, [active]), ring).problems).toEqual([]);
    expect(assessed(jwtOf(LIMIT * 0.76, [active]), ring).problems).toEqual([
      expect.stringContaining('more than 75 % of the 1 MiB'),
    ]);
  });

  test('nothing is left out of the ring where there is room', () => {
    const ring = ringOf([active, ...staged]);
    const { push, problems } = assessed(accountJwt(), ring);
    expect(push!.claims.nats.signing_keys).toHaveLength(trustedKeys(ring).length);
    expect(problems).toEqual([]);
  });
});
