import { describe, expect, test } from 'vitest';
import { provedPart, proveKeys } from '../../src/keyring/proof.ts';
import { emptyRing, type Ring, type RingKey } from '../../src/keyring/ring.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';

const operator = createKeyPair('operator');
const issuers = new Set([operator.publicKey]);
const template = { pub: { allow: ['orders.>'] }, subs: -1, data: -1, payload: -1 };

function key(publicKey: string, more: Partial<RingKey> = {}): RingKey {
  return {
    publicKey,
    slot: 'reader',
    scope: { role: 'reader', template, tags: {} },
    state: 'active',
    stagedAt: 0,
    stagedTerm: 1,
    lifetimeSeconds: 60,
    reason: 'first',
    ...more,
  };
}

function ringOf(...keys: RingKey[]): Ring {
  return { ...emptyRing({ account: 'APP', publicKey: 'ACCOUNT', kind: 'managed' }), keys };
}

function proved(...keys: RingKey[]): Ring {
  const made = new Set(keys.map(({ publicKey }) => publicKey));
  return proveKeys(ringOf(...keys), { signer: operator, issuers, made });
}

describe('write access to the store alone gets nothing signed by the operator', () => {
  test('a key that the rotator made has a proof', () => {
    const ring = proved(key('A'));
    expect(provedPart(ring, issuers)).toEqual({ ring, strangers: [] });
  });

  test('a planted key has no proof', () => {
    const planted = key('PLANTED', { slot: '*' });
    const { scope: _, ...plain } = planted;
    const ring = { ...proved(key('A')), keys: [...proved(key('A')).keys, plain] };
    const { ring: ours, strangers } = provedPart(ring, issuers);
    expect(ours.keys.map(({ publicKey }) => publicKey)).toEqual(['A']);
    expect(strangers).toEqual([plain]);
  });

  test.each([
    [
      'a wider template',
      { scope: { role: 'reader', template: { ...template, pub: {} }, tags: {} } },
    ],
    ['another role', { slot: 'admin' }],
    ['no template at all', { scope: undefined }],
    ['the proof of another key', { publicKey: 'B' }],
  ])('%s needs a proof of its own', (_what, change) => {
    const ring = proved(key('A'));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a stranger writes
    const changed = ringOf({ ...ring.keys[0]!, ...change } as RingKey);
    expect(provedPart(changed, issuers).ring.keys).toEqual([]);
  });

  test('a proof is for one account', () => {
    const ring = { ...proved(key('A')), publicKey: 'ANOTHER' };
    expect(provedPart(ring, issuers).ring.keys).toEqual([]);
  });

  test('a proof by somebody who is no key of the operator counts for nothing', () => {
    const stranger = createKeyPair('operator');
    const made = new Set(['A']);
    const ring = proveKeys(ringOf(key('A')), { signer: stranger, issuers, made });
    expect(provedPart(ring, issuers).ring.keys).toEqual([]);
  });
});

test('what changes in the life of a key needs no new proof', () => {
  const ring = proved(key('A', { state: 'staged' }));
  const later = ringOf({
    ...ring.keys[0]!,
    state: 'draining',
    drainingAt: 1,
    lifetimeSeconds: 900,
  });
  expect(provedPart(later, issuers).ring).toBe(later);
});

test('a new operator key takes over the proofs of the old one while that is trusted', () => {
  const next = createKeyPair('operator');
  const both = new Set([operator.publicKey, next.publicKey]);
  const made = new Set<string>();
  const ring = proveKeys(proved(key('A')), { signer: next, issuers: both, made });
  expect(ring.keys[0]?.proof?.by).toBe(next.publicKey);
  expect(provedPart(ring, new Set([next.publicKey])).ring).toBe(ring);
  const planted = proveKeys(ringOf(key('P')), { signer: next, issuers: both, made });
  expect(planted.keys[0]).not.toHaveProperty('proof');
});

test('a ring whose proofs are right is left as it is', () => {
  const ring = proved(key('A'), key('B'));
  expect(proveKeys(ring, { signer: operator, issuers, made: new Set() })).toBe(ring);
});
