import { describe, expect, test } from 'vitest';
import { revocationsAnswer } from '../../../src/admin-api/revocations.ts';
import { createMemoryLog } from '../../../src/audit/sinks/memory.ts';
import type { AdminCaller } from '../../../src/http/admin/actions.ts';
import { requestRotation } from '../../../src/keyring/changes.ts';
import {
  emptyRing,
  parseRing,
  type Ring,
  ringKey,
  type RingKey,
  ringText,
} from '../../../src/keyring/ring.ts';
import type { IssuedCredential } from '../../../src/revocation/ledger.ts';
import type { RevocationTarget } from '../../../src/revocation/revocation.ts';
import { adminActions } from '../../../src/service/admin/admin.ts';
import type { RingedAccount } from '../../../src/service/signing/ringed-accounts.ts';
import { type SharedState, StoreUnavailable } from '../../../src/store/shared-state.ts';
import { identity, role } from '../../policy/support.ts';
import { memoryLedger } from '../../revocation/memory-ledger.ts';
import { memoryState } from '../../revocation/memory-state.ts';
import { AT, credential } from '../../revocation/support.ts';

const clock = { now: () => AT * 1000 };
const caller: AdminCaller = {
  identity: identity({}, { issuerName: 'dev', subject: 'admin' }),
  requestId: 'request-1',
  address: '192.0.2.7',
};
const KEY: RingKey = {
  publicKey: 'AKEY',
  slot: 'reader',
  state: 'active',
  stagedAt: 0,
  stagedTerm: 1,
  activeAt: 0,
  lifetimeSeconds: 900,
  reason: 'first',
};
const RING: Ring = {
  ...emptyRing({ account: 'APP', publicKey: 'AAPP', kind: 'managed' }),
  keys: [KEY],
};

/** The actions on a store that the test may get in the way of. */
async function world(interfere: (state: SharedState) => Partial<SharedState> = () => ({})) {
  const plain = memoryState();
  await plain.write(ringKey('APP'), ringText(RING), 0);
  const audit = createMemoryLog();
  const ledger = memoryLedger(clock);
  const account = {
    name: 'APP',
    publicKey: 'AAPP',
    kind: 'managed',
    wanted: {
      slots: [{ slot: 'reader', onChange: 'drain' }],
      graceMilliseconds: 0,
      stagedMilliseconds: 0,
    },
    graceMilliseconds: 0,
    scopeOf: () => undefined,
    longestLifetimeOf: () => 3600,
    spec: { name: 'APP', publicKey: 'AAPP', kind: 'managed', signingKeys: [] },
  } satisfies RingedAccount;
  const actions = adminActions({
    clock,
    state: { ...plain, ...interfere(plain) },
    ledger,
    audit,
    config: () => ({
      accounts: [account.spec],
      roles: [role('reader')],
      bindings: [],
      issuers: [],
      logins: [],
    }),
    ringed: () => [account],
    sessions: undefined,
  });
  const ring = async () => parseRing((await plain.list(ringKey('APP')))[0]!.value);
  return { actions, audit, ledger, state: plain, ring };
}

const REVOKE = { target: { role: 'reader' }, reason: 'test', block: false, dryRun: false };

describe('without a record nothing is done', () => {
  test('no key is revoked or rotated', async () => {
    const { actions, audit, ring } = await world();
    audit.breakWith(new Error('the disk is full'));
    const refused = { reason: 'audit_unavailable' };
    expect(await actions.revokeKey({ publicKey: 'AKEY', reason: 'test' }, caller)).toMatchObject(
      refused,
    );
    expect(await actions.rotate({}, caller)).toMatchObject(refused);
    expect(await ring()).toEqual(RING);
  });

  test('no revocation is made or lifted', async () => {
    const { actions, audit, state } = await world();
    const made = await actions.revoke(REVOKE, caller);
    audit.breakWith(new Error('the disk is full'));
    const refused = { reason: 'audit_unavailable' };
    expect(await actions.revoke(REVOKE, caller)).toMatchObject(refused);
    const id = 'id' in made ? (made.id ?? '') : '';
    expect(await actions.lift(id, caller)).toMatchObject(refused);
    expect(await state.list('revocation.')).toHaveLength(1);
  });
});

test('a revocation that cannot be read is not listed, and only a newer version lifts it', async () => {
  const { actions, state } = await world();
  await actions.revoke(REVOKE, caller);
  const odd = { version: 1, id: '0123456789ab', target: { subject: 'alice' } };
  await state.write('revocation.0123456789ab', JSON.stringify(odd), 0);
  const answer = revocationsAnswer.parse(await actions.revocations());
  expect(answer.revocations).toMatchObject([{ target: REVOKE.target }]);
  expect(await actions.lift('0123456789ab', caller)).toMatchObject({ reason: 'parameter_invalid' });
  expect(await state.list('revocation.')).toHaveLength(2);
});

describe('what has left the configuration', () => {
  const left = { issuerName: 'old', subject: 'alice' };
  test.each<[string, RevocationTarget, Partial<IssuedCredential>]>([
    ['role', { role: 'writer' }, { role: 'writer' }],
    ['binding', { binding: 'ops' }, { binding: 'ops' }],
    ['binding of who acts', { binding: 'bots' }, { actorBinding: 'bots' }],
    ['issuer', { issuer: 'old', subject: 'alice' }, left],
    ['issuer of who acts', { issuer: 'old', subject: 'alice' }, { actor: left }],
  ])('is revoked by its name while a credential is alive: %s', async (_, target, of) => {
    const { actions, ledger } = await world();
    ledger.record(credential());
    const revoke = () => actions.revoke({ ...REVOKE, target }, caller);
    expect(await revoke()).toMatchObject({ reason: 'not_found' });
    ledger.record(credential({ user: 'ULEFT', ...of }));
    expect(await revoke()).toMatchObject({ target, credentials: 1 });
  });

  test('is revoked by its name while a key of the role is trusted', async () => {
    const { actions, state } = await world();
    const keys: RingKey[] = [
      { ...KEY, slot: 'writer', state: 'draining' },
      { ...KEY, publicKey: 'AGONE', slot: 'older', state: 'retired' },
      { ...KEY, publicKey: 'AANY', slot: '*' },
    ];
    await state.write(ringKey('OTHER'), ringText({ ...RING, account: 'OTHER', keys }), 0);
    const revoke = (role: string) => actions.revoke({ ...REVOKE, target: { role } }, caller);
    expect(await revoke('writer')).toMatchObject({ target: { role: 'writer' } });
    for (const unknown of ['older', '*']) {
      expect(await revoke(unknown)).toMatchObject({ reason: 'not_found' });
    }
  });
});

test('an unreachable store is a refusal, not a fault', async () => {
  const { actions } = await world(() => ({
    list: async () => {
      throw new StoreUnavailable('the store cannot be reached');
    },
  }));
  const refused = { code: 'temporarily_unavailable', reason: 'store_unavailable' };
  expect(await actions.keys()).toMatchObject(refused);
  expect(await actions.rotate({}, caller)).toMatchObject(refused);
  expect(await actions.revocations()).toMatchObject(refused);
  expect(await actions.revoke(REVOKE, caller)).toMatchObject(refused);
  expect(await actions.lift('0123456789ab', caller)).toMatchObject(refused);
});

test('a change that lost a race is made on top of the other one, and recorded once', async () => {
  let raced = false;
  const { actions, audit, ring } = await world((plain) => ({
    write: async (key, value, revision) => {
      if (!raced) {
        raced = true;
        await plain.write(key, ringText(requestRotation(RING, ['reader'], 1)), revision);
      }
      return plain.write(key, value, revision);
    },
  }));
  const answer = await actions.revokeKey({ publicKey: 'AKEY', reason: 'test' }, caller);
  expect(answer).toMatchObject({ public_key: 'AKEY', account: 'APP', slot: 'reader' });
  expect(await ring()).toMatchObject({
    keys: [{ publicKey: 'AKEY', state: 'retired', reason: 'revoked' }],
    rotationRequests: { reader: 1 },
  });
  expect([...audit.list()]).toHaveLength(1);
});

test('a change that loses every race is refused, and says so', async () => {
  const { actions, ring } = await world(() => ({ write: async () => undefined }));
  expect(await actions.rotate({}, caller)).toMatchObject({ reason: 'store_unavailable' });
  expect(await ring()).toEqual(RING);
});

describe('what the rings have revoked', () => {
  const CUT: Ring = {
    ...RING,
    keys: [KEY, { ...KEY, publicKey: 'ARETIRED', state: 'retired' }],
    revoked: {
      UCUT: { at: AT, until: AT + 900, by: ['one'] },
      UGONE: { at: AT, until: AT + 900, by: [], gone: true },
    },
  };

  async function cutWorld(ring: Ring, ...interfere: Parameters<typeof world>) {
    const made = await world(...interfere);
    const [stored] = await made.state.list(ringKey('APP'));
    await made.state.write(ringKey('APP'), ringText(ring), stored!.revision);
    for (const changes of [
      { user: 'UALIVE' },
      { user: 'UCUT' },
      { user: 'UCUT', issuedAt: AT + 1, role: 'writer' },
      { user: 'UGONE' },
      { user: 'URETIRED', signingKey: 'ARETIRED' },
    ]) {
      made.ledger.record(credential(changes));
    }
    return made;
  }

  test('is not listed, nor counted for a key', async () => {
    const { actions } = await cutWorld(CUT);
    expect(await actions.credentials({ limit: 10 })).toMatchObject({
      credentials: [{ user: 'UALIVE' }, { user: 'UGONE' }, { user: 'UCUT', role: 'writer' }],
      next: null,
    });
    const keys = [{ credentials_alive: 3 }, { credentials_alive: 0 }];
    expect(await actions.keys()).toMatchObject({ accounts: [{ keys }] });
  });

  test('is not reached again by another revocation or a revoked key', async () => {
    const { actions } = await cutWorld(CUT);
    expect(await actions.revoke({ ...REVOKE, dryRun: true }, caller)).toMatchObject({
      credentials: 2,
    });
    const revoked = await actions.revokeKey({ publicKey: 'AKEY', reason: 'test' }, caller);
    expect(revoked).toMatchObject({ credentials_cut: 3 });
  });

  test('is decided by the rings from before, however fast the rotator is', async () => {
    const users = ['UALIVE', 'UCUT', 'UGONE', 'URETIRED'];
    const entry = { at: AT, until: AT + 900, by: ['it'] };
    const revoked = Object.fromEntries(users.map((user) => [user, entry]));
    const { actions } = await cutWorld(RING, (plain) => ({
      write: async (key, value, revision) => {
        const [ring] = await plain.list(ringKey('APP'));
        await plain.write(ring!.key, ringText({ ...RING, revoked }), ring!.revision);
        return plain.write(key, value, revision);
      },
    }));
    expect(await actions.revoke(REVOKE, caller)).toMatchObject({ credentials: 4 });
    const again = await actions.revoke({ ...REVOKE, dryRun: true }, caller);
    expect(again).toMatchObject({ credentials: 0 });
  });

  test('is nobody in an external account: its JWT belongs to its operator', async () => {
    const { actions } = await cutWorld({ ...CUT, kind: 'external' });
    expect(await actions.credentials({ limit: 10 })).toMatchObject({
      credentials: Array.from({ length: 5 }, () => ({ account: 'APP' })),
    });
  });

  test('is nobody for a revoked external key, and the answer says that the account is external', async () => {
    const { actions } = await cutWorld({ ...CUT, kind: 'external' });
    const revoked = await actions.revokeKey({ publicKey: 'AKEY', reason: 'test' }, caller);
    expect(revoked).toMatchObject({ kind: 'external', credentials_cut: 0 });
  });
});
