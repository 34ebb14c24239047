import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccountClaims, readAccountJwt } from '../../src/account/account-jwt.ts';
import { assess } from '../../src/account/assess.ts';
import { mergeLimits } from '../../src/account/limits.ts';
import type { ManagedLimits } from '../../src/nats/account-claims.ts';
import { account, type AccountBody } from '../support/account-body.ts';
import { accountJwt, NOW, NOW_SECONDS, operatorKey, ringKey, ringOf, viewOf } from './rings.ts';

function claimsOf(body: Partial<AccountBody> = {}): AccountClaims {
  return readAccountJwt(accountJwt(body)) as AccountClaims;
}

/** Limits as somebody else wrote them, whole or not. */
function given(limits: ManagedLimits): Pick<AccountBody, 'limits'> {
  return { limits: limits as AccountBody['limits'] };
}

function limitsOf(found: AccountClaims, wanted: ManagedLimits): unknown {
  return mergeLimits(found, wanted).claims.nats['limits'];
}

describe('limits of an account', () => {
  test('are set where they are named, and left as they are where they are not', () => {
    const found = claimsOf(given({ conn: 5, leaf: 7 }));
    const { claims } = mergeLimits(found, { conn: 10, disk_storage: 1024 });
    expect(claims.nats['limits']).toEqual({
      ...(found.nats['limits'] as object),
      conn: 10,
      disk_storage: 1024,
    });
    expect({ ...claims, nats: { ...claims.nats, limits: undefined } }).toEqual({
      ...found,
      nats: { ...found.nats, limits: undefined },
    });
  });

  test('that say the same are not written again: 0 and false may be left out', () => {
    const found = claimsOf(given({ conn: -1, streams: 0 }));
    const same = { conn: -1, streams: 0, consumer: 0, disallow_bearer: false, max_ack_pending: 0 };
    expect(mergeLimits(found, same).claims).toBe(found);
    expect(mergeLimits(found, {}).claims).toBe(found);
    expect(mergeLimits(found, { disallow_bearer: true }).claims).not.toBe(found);
  });

  test('are of one kind, for all streams or in tiers: NATS refuses JWTs with both', () => {
    const flat = claimsOf(given({ disk_storage: 5, streams: 3 }));
    const tiers = { R1: { disk_storage: 1 }, R3: { disk_storage: 2, streams: 4 } };
    const tiered = claimsOf(given({ conn: -1, tiered_limits: tiers }));

    const wanted = { tiered_limits: { R3: { disk_storage: 9 } } };
    expect(limitsOf(flat, wanted)).not.toHaveProperty('disk_storage');
    expect(limitsOf(flat, wanted)).toMatchObject({ tiered_limits: { R3: { disk_storage: 9 } } });
    expect(limitsOf(tiered, wanted)).toMatchObject({
      tiered_limits: { R1: { disk_storage: 1 }, R3: { disk_storage: 9, streams: 4 } },
    });
    expect(limitsOf(tiered, { disk_storage: 9 })).toMatchObject({ disk_storage: 9 });
    expect(limitsOf(tiered, { disk_storage: 9 })).not.toHaveProperty('tiered_limits');
    // Limits that have nothing to do with streams leave both alone.
    expect(limitsOf(tiered, { conn: 1 })).toHaveProperty('tiered_limits');
  });

  test('that the account does not keep stay as they are, and are told: NATS would refuse the whole JWT', () => {
    const found = claimsOf({
      imports: [{ name: 'a', subject: 'a' }],
      exports: [{ name: 'b', subject: 'b.*' }, { subject: 'c' }],
    });
    const { claims, refused } = mergeLimits(found, {
      imports: 0,
      exports: 1,
      wildcards: false,
      conn: 3,
    });
    expect(refused).toEqual([
      'limits.imports cannot be 0: the account has 1 imports',
      'limits.exports cannot be 1: the account has 2 exports',
      'limits.wildcards cannot be false: the account exports "b.*"',
    ]);
    expect(claims.nats['limits']).toMatchObject({
      imports: -1,
      exports: -1,
      wildcards: true,
      conn: 3,
    });
    expect(mergeLimits(found, { imports: 1, exports: 2 }).refused).toEqual([]);
  });

  test('need no second push, whatever is there and whatever is wanted', () => {
    const amount = fc.constantFrom(-1, 0, 1, 5_000_000_000);
    const jetstream = fc.record(
      {
        mem_storage: amount,
        disk_storage: amount,
        streams: amount,
        max_bytes_required: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const limits = fc
      .tuple(
        fc.record({ conn: amount, exports: amount, wildcards: fc.boolean() }, { requiredKeys: [] }),
        fc.oneof(
          jetstream,
          fc.record({ tiered_limits: fc.dictionary(fc.constantFrom('R1', 'R3'), jetstream) }),
        ),
      )
      .map(([plain, streams]) => ({ ...plain, ...streams }));
    fc.assert(
      fc.property(limits, limits, (there, wanted) => {
        const found = claimsOf({ exports: [{ subject: 'a.*' }] });
        const once = mergeLimits({ ...found, nats: { ...found.nats, limits: there } }, wanted);
        expect(mergeLimits(once.claims, wanted).claims).toBe(once.claims);
      }),
    );
  });
});

describe('a push', () => {
  const key = ringKey();
  const issuers = new Set<string>([operatorKey.publicKey]);
  const listed = { signing_keys: [key.publicKey], iat: NOW_SECONDS - 100 };
  const unlimited = accountJwt(listed);
  const limited = accountJwt({
    ...listed,
    limits: { ...account().limits, conn: 10 },
  });
  const look = (jwts: string[], were = false) =>
    assess({
      view: viewOf(jwts),
      ring: ringOf([key]),
      issuers,
      limits: { wanted: { conn: 10 }, were },
      now: NOW,
    });

  test('brings limits that the account JWT lacks, and is not needed where it has them', () => {
    expect(look([unlimited]).push).toMatchObject({ why: 'new' });
    expect(look([unlimited]).push?.claims.nats['limits']).toMatchObject({ conn: 10, leaf: -1 });
    expect(look([limited])).toMatchObject({ push: undefined, limitsAsWanted: true });
  });

  test('puts back what somebody else changed, and is drift then', () => {
    expect(look([unlimited], true).push?.why).toBe('drift');
  });

  test('with a later date is for a server that still has other limits', () => {
    const newer = accountJwt({
      ...listed,
      iat: NOW_SECONDS - 1,
      ...given({ conn: 10 }),
    });
    expect(look([newer, unlimited]).push?.why).toBe('server-behind');
  });
});
