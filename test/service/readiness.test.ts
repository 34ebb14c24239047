import { describe, expect, test } from 'vitest';
import type { KeyRing } from '../../src/keyring/key-ring.ts';
import { partStatus } from '../../src/service/readiness.ts';
import { policyOf, role } from '../policy/support.ts';

const POLICY = policyOf([role('reader'), role('writer'), role('keeper', { account: 'LAB' })], []);

/** What /readyz tells where only these roles have a key that signs. */
function accounts(...signing: readonly string[]) {
  const key = { publicKey: 'A', account: 'A', scopedTo: undefined, sign: () => new Uint8Array() };
  const keyRing: KeyRing = {
    pending: () => undefined,
    active: (_account, name) => (signing.includes(name) ? key : undefined),
  };
  const parts = partStatus({
    policy: POLICY,
    keyRing,
    rings: { ring: () => undefined, freshAt: () => 0 },
    obstacles: { of: () => undefined },
    clock: { now: () => 0 },
    verifier: { status: () => [] },
    audit: { healthy: () => true },
    stopping: false,
  });
  return [parts['account:APP'], parts['account:LAB']];
}

const ready = { ready: true, essential: false };
const without = (roles: string) => ({
  ready: false,
  essential: false,
  message: `no signing key can sign now for ${roles}`,
});

describe('an account', () => {
  test('is ready when each of its roles has a key that signs', () => {
    expect(accounts('reader', 'writer', 'keeper')).toEqual([ready, ready]);
  });

  test('that waits for the first key of one role names it, and stays ready for the others', () => {
    expect(accounts('reader', 'keeper')).toEqual([without('writer'), ready]);
  });

  test('without any key does not make other accounts unready', () => {
    expect(accounts('keeper')).toEqual([without('reader, writer'), ready]);
  });

  test('is essential when no role of any account has a key', () => {
    expect(accounts()).toEqual([
      { ...without('reader, writer'), essential: true },
      { ...without('keeper'), essential: true },
    ]);
  });
});
