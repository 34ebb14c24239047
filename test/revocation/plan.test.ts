import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyRing, type Ring, type RingKey } from '../../src/keyring/ring.ts';
import type { IssuedCredential } from '../../src/revocation/ledger.ts';
import { applies } from '../../src/revocation/match.ts';
import { ENTRY_BYTES, type Plan, planRevoked, REVOKED_BYTES } from '../../src/revocation/plan.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { indexRevocations } from '../../src/revocation/revocation-index.ts';
import { AT, credential, revocation } from './support.ts';

const NOW = AT + 100;

function ringWith(changes: Partial<Ring> = {}): Ring {
  return { ...emptyRing({ account: 'APP', publicKey: 'A', kind: 'managed' }), ...changes };
}

function key(publicKey: string, state: RingKey['state']): RingKey {
  return {
    publicKey,
    slot: '*',
    state,
    stagedAt: 0,
    stagedTerm: 1,
    lifetimeSeconds: 900,
    reason: 'first',
  };
}

function plan(
  ring: Ring,
  revocations: readonly Revocation[],
  credentials: readonly IssuedCredential[],
  more: { now?: number; budgetBytes?: number; roomBytes?: number } = {},
): Plan {
  const index = indexRevocations(revocations);
  return planRevoked({ now: NOW, ring, revocations: index, credentials, ...more });
}

describe('a user is revoked', () => {
  test('whose credential a revocation applies to, until that credential has expired', () => {
    const { revoked } = plan(ringWith(), [revocation()], [credential()]);
    expect(revoked).toEqual({
      [credential().user]: { at: AT, until: credential().expiresAt + 5, by: [revocation().id] },
    });
  });

  test('as of its credential, where a token from before made one after the revocation', () => {
    const late = credential({ issuedAt: AT + 50 });
    const { revoked } = plan(ringWith(), [revocation()], [late]);
    expect(revoked[late.user]).toMatchObject({ at: AT + 50 });
  });

  test.each<[string, Partial<IssuedCredential>]>([
    ['of a token from after the revocation', { tokenIssuedAt: AT + 6, issuedAt: AT + 6 }],
    ['of somebody else', { subject: 'bob' }],
    ['of another account', { account: 'LAB' }],
    ['that has expired', { expiresAt: NOW }],
    ['of a key that nobody trusts any more', { signingKey: 'retired' }],
  ])('not for a credential %s', (_, changes) => {
    const ring = ringWith({ keys: [key('retired', 'retired')] });
    expect(plan(ring, [revocation()], [credential(changes)]).revoked).toBe(ring.revoked);
  });

  test('no more once every revocation that wants it is lifted', () => {
    const both = [revocation({ id: 'one' }), revocation({ id: 'two', target: { role: 'reader' } })];
    const { user } = credential();
    const first = plan(ringWith(), both, [credential()]).revoked;
    expect(first[user]).toMatchObject({ by: ['one', 'two'] });
    const second = plan(ringWith({ revoked: first }), [both[1]!], []).revoked;
    expect(second[user]).toEqual({ ...first[user], by: ['two'] });
    const third = plan(ringWith({ revoked: second }), [], []).revoked;
    expect(third[user]).toEqual({ ...first[user], by: [], gone: true });
    const again = plan(ringWith({ revoked: third }), both, [credential()]).revoked;
    expect(again).toEqual(first);
  });

  test('no more once its credentials have expired on servers whose clocks are slow, too; a day later it is forgotten', () => {
    const { user, expiresAt } = credential();
    const { revoked } = plan(ringWith(), [revocation()], [credential()]);
    const at = (now: number, ring: Pick<Ring, 'revoked'>) =>
      plan(ringWith(ring), [revocation()], [], { now });
    expect(at(expiresAt + 4, { revoked }).revoked).toBe(revoked);
    const expired = at(expiresAt + 5, { revoked });
    expect(expired.revoked[user]).toMatchObject({ gone: true });
    expect(at(expiresAt + 5 + 86_400, expired).revoked).toEqual({});
  });
});

describe('users that would take too much of the account JWT', () => {
  const of = (signingKey: string, count: number) =>
    Array.from({ length: count }, (_, n) => credential({ user: `U${signingKey}${n}`, signingKey }));
  const everyone = [revocation({ target: { role: 'reader' } })];
  const ring = ringWith({ keys: ['few', 'many', 'k'].map((name) => key(name, 'active')) });

  test('the keys behind the most of them are revoked instead, and no more than needed', () => {
    const credentials = [...of('few', 2), ...of('many', 5)];
    const { revoked, revokeKeys } = plan(ring, everyone, credentials, {
      budgetBytes: ENTRY_BYTES * 4,
    });
    expect(revokeKeys).toEqual(['many']);
    expect(Object.keys(revoked)).toEqual(['Ufew0', 'Ufew1']);
  });

  test('a user that another key signed for, too, stays', () => {
    const twice = credential({ user: 'Umany0', signingKey: 'few' });
    const { revoked } = plan(ring, everyone, [...of('many', 3), twice], {
      budgetBytes: ENTRY_BYTES,
    });
    expect(Object.keys(revoked)).toEqual(['Umany0']);
  });

  test('a user whose revocation was lifted is removed all the same', () => {
    const all = [
      credential({ user: 'U0', signingKey: 'k' }),
      credential({ user: 'U1', signingKey: 'k' }),
    ];
    const entry = { at: AT, until: NOW + 900, by: ['lifted'] };
    const { revoked, revokeKeys } = plan({ ...ring, revoked: { U0: entry } }, everyone, all, {
      budgetBytes: ENTRY_BYTES,
    });
    expect(revokeKeys).toEqual(['k']);
    expect(revoked).toEqual({ U0: { ...entry, by: [], gone: true } });
  });

  test('it is reported early', () => {
    const budgetBytes = ENTRY_BYTES * 4;
    expect(plan(ring, everyone, of('k', 2), { budgetBytes }).nearBudget).toBe(false);
    expect(plan(ring, everyone, of('k', 3), { budgetBytes }).nearBudget).toBe(true);
  });

  test('users of a key that is none of the ring are named whatever room they take: nobody could revoke it', () => {
    const { revoked, revokeKeys } = plan(ring, everyone, of('other', 3), { budgetBytes: 0 });
    expect(revokeKeys).toEqual([]);
    expect(Object.keys(revoked)).toHaveLength(3);
  });

  describe('of which others have left little', () => {
    const revokedBefore = plan(ring, everyone, of('few', 3)).revoked;
    const later = { ...ring, revoked: revokedBefore };

    test.each([
      ['all but a reserve may be taken', 100_000, 100_000 - 32 * 1024],
      ['half of very little', 1000, 500],
      ['no more than usual of much', 900_000, REVOKED_BYTES],
    ])('%s', (_, roomBytes, budgetBytes) => {
      expect(plan(ring, everyone, [], { roomBytes }).budgetBytes).toBe(budgetBytes);
    });

    test('the key of new users is revoked, and those that are named already stay', () => {
      const all = [...of('few', 3), ...of('many', 2)];
      const { revoked, revokeKeys } = plan(later, everyone, all, { roomBytes: ENTRY_BYTES * 4 });
      expect(revokeKeys).toEqual(['many']);
      expect(revoked).toBe(revokedBefore);
    });

    test('the key of those that are named is revoked once there is no room for them, and they give way', () => {
      const { revoked, revokeKeys, bytes } = plan(later, everyone, of('few', 3), {
        roomBytes: ENTRY_BYTES * 2,
      });
      expect(revokeKeys).toEqual(['few']);
      expect(bytes).toBe(0);
      expect(Object.values(revoked).map(({ gone }) => gone)).toEqual([true, true, true]);
    });

    test('one of them that another key signed for, too, stays named', () => {
      const twice = credential({ user: 'Ufew0', signingKey: 'k' });
      const { revoked, revokeKeys } = plan(later, everyone, [...of('few', 3), twice], {
        roomBytes: ENTRY_BYTES * 2,
      });
      expect(revokeKeys).toEqual(['few']);
      expect(revoked['Ufew0']).toEqual(revokedBefore['Ufew0']);
    });
  });
});

describe('after any history', () => {
  const word = fc.constantFrom('a', 'b');
  const revocations = fc
    .uniqueArray(fc.record({ id: fc.constantFrom('1', '2', '3'), subject: word, at: fc.nat(4) }), {
      selector: ({ id }) => id,
    })
    .map((made) =>
      made.map(({ subject, at, id }) => revocation({ id, at, target: { issuer: 'i', subject } })),
    );
  const credentials = fc.array(
    fc
      .record({
        user: fc.constantFrom('U1', 'U2', 'U3', 'U4'),
        subject: word,
        signingKey: fc.constantFrom('k1', 'k2', 'gone'),
        tokenIssuedAt: fc.nat(12),
        issuedAt: fc.nat(6),
        expiresAt: fc.integer({ min: 3, max: 12 }),
      })
      .map((changes) => credential({ ...changes, issuerName: 'i' })),
  );
  const keys = [key('k1', 'active'), key('k2', 'draining'), key('gone', 'retired')];

  test('revokes every living credential that a revocation applies to, and then settles', () => {
    const input = fc.tuple(revocations, credentials, fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 4 }), (rounds) => {
        let ring = ringWith({ keys });
        for (const [now, [made, alive, entries]] of rounds.entries()) {
          // What is known to be revoked already may be over the budget; it only ever shrinks then.
          const budgetBytes = Math.max(entries, live(ring).length) * ENTRY_BYTES;
          const { revoked, revokeKeys, bytes } = plan(ring, made, alive, { now, budgetBytes });
          ring = ringWith({
            keys: ring.keys.map((key) =>
              revokeKeys.includes(key.publicKey) ? { ...key, state: 'retired' } : key,
            ),
            revoked,
          });
          const retired = new Set(
            ring.keys.flatMap((key) => (key.state === 'retired' ? key.publicKey : [])),
          );
          for (const one of alive) {
            if (one.expiresAt <= now || retired.has(one.signingKey)) continue;
            if (!made.some((revocation) => applies(revocation, one))) continue;
            const entry = revoked[one.user];
            expect(entry?.gone).toBeUndefined();
            expect(entry?.at).toBeGreaterThanOrEqual(one.issuedAt);
            expect(entry?.until).toBeGreaterThanOrEqual(one.expiresAt);
          }
          expect(bytes).toBe(live(ring).length * ENTRY_BYTES);
          expect(bytes).toBeLessThanOrEqual(budgetBytes);
          const again = plan(ring, made, alive, { now, budgetBytes });
          expect(again.revoked).toBe(ring.revoked);
          expect(again.revokeKeys).toEqual([]);
        }
      }),
    );
  });

  function live({ revoked }: Ring): string[] {
    return Object.entries(revoked).flatMap(([user, { gone }]) => (gone ? [] : user));
  }
});
