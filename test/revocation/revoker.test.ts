import { describe, expect, test } from 'vitest';
import { emptyRing, type Ring, type RingKey } from '../../src/keyring/ring.ts';
import { createRevoker, type RevokerParts } from '../../src/revocation/revoker.ts';
import type { IssuedCredential } from '../../src/revocation/ledger.ts';
import { ENTRY_BYTES } from '../../src/revocation/plan.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { memoryLedger } from './memory-ledger.ts';
import { AT, credential, revocation } from './support.ts';

function world(more: Partial<RevokerParts> = {}) {
  const clock = { at: AT * 1000, now: () => clock.at };
  const ledger = memoryLedger(clock);
  const revocations = new Map<string, Revocation>();
  const revoker = createRevoker({ ledger, revocations: () => revocations, clock, ...more });
  return {
    clock,
    ledger,
    revoker,
    issue: (changes: Partial<IssuedCredential> = {}) => ledger.record(credential(changes)),
    revoke: (changes: Partial<Revocation> = {}) => {
      const made = revocation(changes);
      revocations.set(made.id, made);
    },
    lift: () => revocations.clear(),
  };
}

const EMPTY = emptyRing({ account: 'APP', publicKey: 'A', kind: 'managed' });
const active = (publicKey: string): RingKey => ({
  publicKey,
  slot: '*',
  state: 'active',
  stagedAt: 0,
  stagedTerm: 1,
  lifetimeSeconds: 900,
  reason: 'first',
});
const users = ({ revoked }: Ring) => Object.keys(revoked).filter((user) => !revoked[user]?.gone);

describe('the revoker', () => {
  test('leaves the ring alone while nothing is revoked', async () => {
    const { revoker, issue } = world();
    issue();
    expect(await revoker.cut(EMPTY)).toBe(EMPTY);
  });

  test('finds what was issued before the revocation was made, and what is recorded after', async () => {
    const { revoker, issue, revoke, clock } = world();
    issue({ user: 'UBEFORE' });
    clock.at += 600_000;
    revoke();
    const first = await revoker.cut(EMPTY);
    expect(users(first)).toEqual(['UBEFORE']);
    clock.at += 5000;
    issue({ user: 'UAFTER' });
    expect(users(await revoker.cut(first))).toEqual(['UBEFORE', 'UAFTER']);
  });

  test('finds those for whom the identity acted', async () => {
    const { revoker, issue, revoke } = world();
    issue({ subject: 'bob', actor: { issuerName: 'entra', subject: 'alice' } });
    revoke();
    expect(users(await revoker.cut(EMPTY))).toEqual(['UALICE']);
  });

  test('finds those who acted by a binding, whatever the binding of whom they acted for', async () => {
    const { revoker, issue, revoke } = world();
    issue({ actor: { issuerName: 'ci', subject: 'bot' }, actorBinding: 'bots' });
    issue({ user: 'UBOB' });
    revoke({ target: { binding: 'bots' } });
    expect(users(await revoker.cut(EMPTY))).toEqual(['UALICE']);
  });

  test('reads once for a revocation, then only what is new, and nothing while nothing is', async () => {
    const { revoker, issue, revoke, ledger } = world();
    issue();
    await revoker.cut(EMPTY);
    expect(ledger.readings).toEqual([]);
    revoke();
    await revoker.cut(EMPTY);
    await revoker.cut(EMPTY);
    const party = { issuerName: 'entra', subject: 'alice' };
    expect(ledger.readings).toEqual([{ account: 'APP', party }]);
    issue({ user: 'UNEXT' });
    expect(users(await revoker.cut(EMPTY))).toEqual(['UALICE', 'UNEXT']);
    expect(ledger.readings.slice(1)).toEqual([{ account: 'APP', after: '1' }]);
  });

  test('finds what was recorded while it read', async () => {
    const { revoker, issue, revoke, ledger } = world();
    issue();
    revoke();
    const alive = ledger.alive.bind(ledger);
    ledger.alive = async function* (filter) {
      yield* alive(filter);
      if (filter.party) issue({ user: 'UMEANWHILE' });
    };
    await revoker.cut(EMPTY);
    expect(users(await revoker.cut(EMPTY))).toEqual(['UALICE', 'UMEANWHILE']);
  });

  test('many revocations at once share one reading', async () => {
    const { revoker, issue, revoke, ledger } = world();
    for (let n = 0; n < 20; n += 1) {
      issue({ user: `U${n}`, subject: `user-${n}` });
      revoke({ id: `${n}`, target: { issuer: 'entra', subject: `user-${n}` } });
    }
    expect(users(await revoker.cut(EMPTY))).toHaveLength(20);
    expect(ledger.readings).toEqual([{ account: 'APP' }]);
  });

  test('answers again what could not be stored', async () => {
    const { revoker, issue, revoke, clock } = world();
    issue();
    revoke();
    await revoker.cut(EMPTY);
    clock.at += 120_000;
    expect(users(await revoker.cut(EMPTY))).toEqual(['UALICE']);
  });

  test('searches again when the ledger could not be read to its end', async () => {
    const { revoker, issue, revoke, ledger } = world();
    issue();
    revoke();
    ledger.breakWith(new Error('out of reach'));
    await expect(revoker.cut(EMPTY)).rejects.toThrow('out of reach');
    ledger.breakWith(undefined);
    expect(users(await revoker.cut(EMPTY))).toEqual(['UALICE']);
  });

  test('removes users that no revocation covers any more', async () => {
    const { revoker, issue, revoke, lift } = world();
    issue();
    revoke();
    const cut = await revoker.cut(EMPTY);
    lift();
    expect(users(await revoker.cut(cut))).toEqual([]);
  });

  test('revokes the key behind them where they are too many', async () => {
    const { revoker, issue, revoke } = world({ budgetBytes: ENTRY_BYTES });
    for (const user of ['U1', 'U2']) issue({ user });
    revoke();
    const ring: Ring = { ...EMPTY, keys: [active('AKEY')] };
    const cut = await revoker.cut(ring);
    expect(users(cut)).toEqual([]);
    expect(cut.keys).toMatchObject([{ publicKey: 'AKEY', state: 'retired', reason: 'revoked' }]);
    expect(await revoker.cut(cut)).toBe(cut);
  });

  test('revokes the key behind them where others have filled the account JWT', async () => {
    const { revoker, issue, revoke } = world();
    for (const user of ['U1', 'U2']) issue({ user });
    revoke();
    const ring: Ring = { ...EMPTY, keys: [active('AKEY')] };
    expect(users(await revoker.cut(ring, ENTRY_BYTES * 4))).toEqual(['U1', 'U2']);
    const cut = await revoker.cut(ring, ENTRY_BYTES * 3);
    expect(users(cut)).toEqual([]);
    expect(cut.keys).toMatchObject([{ publicKey: 'AKEY', state: 'retired', reason: 'revoked' }]);
  });

  test('of a key behind more than there is room for reads no more than that, until it is revoked', async () => {
    const { revoker, issue, revoke, ledger } = world({ budgetBytes: ENTRY_BYTES * 2 });
    for (let n = 0; n < 9; n += 1) issue({ user: `U${n}` });
    issue({ user: 'UFEW', signingKey: 'AFEW' });
    issue({ user: 'U8', signingKey: 'AFEW' });
    revoke();
    const ring: Ring = { ...EMPTY, keys: [active('AKEY'), active('AFEW')] };
    const cut = await revoker.cut(ring);
    expect(users(cut)).toEqual(['UFEW', 'U8']);
    expect(cut.keys).toMatchObject([{ state: 'retired' }, { state: 'active' }]);
    // It could not be stored: then it is read again.
    expect(await revoker.cut(ring)).toEqual(cut);
    expect(ledger.readings).toHaveLength(2);
    expect(await revoker.cut(cut)).toBe(cut);
    expect(ledger.readings).toHaveLength(2);
  });

  test('leaves external accounts alone, whose JWT is the operator’s', async () => {
    const { revoker, issue, revoke } = world();
    issue();
    revoke();
    const external: Ring = { ...EMPTY, kind: 'external' };
    expect(await revoker.cut(external)).toBe(external);
  });

  test('tells what the store has come to hold, not what was only planned', async () => {
    const told: object[] = [];
    const { revoker, issue, revoke, lift } = world({
      onStored: (account, change) => told.push({ account, ...change }),
    });
    issue();
    revoke();
    const cut = await revoker.cut(EMPTY);
    await revoker.cut(EMPTY);
    expect(told).toEqual([]);
    lift();
    const lifted = await revoker.cut(cut);
    await revoker.cut(lifted);
    expect(told).toEqual([
      { account: 'APP', revoked: 1, gone: 0 },
      { account: 'APP', revoked: 0, gone: 1 },
    ]);
  });
});
