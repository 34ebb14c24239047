import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AccountAnswer, type KeysAnswer, keysAnswer } from '../../../src/admin-api/keys.ts';
import type { RevocationsAnswer } from '../../../src/admin-api/revocations.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { eventually } from '../../support/eventually.ts';
import { type RotationWorld, startRotationWorld } from '../../support/rotation-world.ts';
import { answerOf, problem } from '../answers.ts';
import { adminRequest } from './admin-client.ts';

/** A managed account on a real server: what administrators do affects real connections. */

let world: RotationWorld;
let admin: string;

beforeAll(async () => {
  world = await startRotationWorld({
    size: 1,
    configure: (tree) => {
      tree.accounts.APP.rotation = { every: '1h', grace: '10s' };
      tree.bindings[0].match = { sub: { glob: '*' } };
    },
  });
  admin = await world.token({ sub: 'admin' });
});
afterAll(() => world[Symbol.asyncDispose]());

const call = (route: string, body?: object) =>
  adminRequest(world.url, route, { token: admin, ...(body && { body }) });

async function keys(): Promise<KeysAnswer> {
  const response = await call('GET /admin/keys');
  expect(response.status).toBe(200);
  return keysAnswer.parse(await response.json());
}

const active = ({ keys }: AccountAnswer) => keys.find(({ state }) => state === 'active');

/** Connects as this subject; the answer tells when the connection ended. */
async function connectAs(sub: string) {
  const { creds, issuer } = await world.credential(await world.token({ sub }));
  const connection = await world.connect(creds);
  return { connection, issuer };
}

test('the keys of each account are listed, with their credentials and connections', async () => {
  const { connection, issuer } = await connectAs('observer');
  const told = await keys();
  expect(told).toMatchObject({ rotator: { leader: expect.any(String) }, sessions_known: true });
  const [account] = told.accounts;
  expect(account).toMatchObject({
    account: 'APP',
    public_key: world.trust.account('APP').key.publicKey,
    kind: 'managed',
    spare_keys: null,
    slots: [{ slot: 'publisher', template: { pub: { allow: [expect.any(String)] } } }],
  });
  const key = active(account!);
  expect(key).toMatchObject({
    public_key: issuer,
    slot: 'publisher',
    role: 'publisher',
    listed: true,
    draining_at: null,
    credentials_alive: 1,
    sessions: 1,
  });
  expect(account?.next_rotation_at).toBe(key!.active_at! + 3600);
  expect(account?.keys.map(({ state }) => state)).toContain('staged');
  await connection.close();
});

test('a requested rotation happens, and who requested it is recorded', async () => {
  const before = active((await keys()).accounts[0]!)?.public_key;
  const response = await call('POST /admin/keys/rotate');
  expect([response.status, await response.json()]).toEqual([
    202,
    { requested: [{ account: 'APP', slot: 'publisher' }] },
  ]);
  await eventually(async () => active((await keys()).accounts[0]!)?.public_key !== before);
  const old = (await keys()).accounts[0]!.keys.find(({ public_key }) => public_key === before);
  expect(old).toMatchObject({ state: 'draining', reason: 'requested' });
  expect(old?.retires_at).toBeGreaterThan(old?.draining_at ?? 0);
  expect(world.audit({ type: 'admin', subject: 'admin' })).toMatchObject([
    { action: 'rotate', account: 'APP', slot: 'publisher', door: 'admin' },
  ]);
});

test.each<[string, object, string]>([
  ['an account', { account: 'AP' }, 'did you mean "APP"?'],
  ['a role', { role: 'publsher' }, 'did you mean "publisher"?'],
])('%s that does not exist is not rotated', async (_, body, hint) => {
  const response = await call('POST /admin/keys/rotate', body);
  const said = (await response.json()) as { status: number; detail: string };
  expect(said.status).toBe(404);
  expect(said.detail).toContain(hint);
});

test('a revocation disconnects its target and nobody else; once lifted, the credential works again', async () => {
  const alice = await connectAs('alice');
  const bob = await connectAs('bob');
  const body = { issuer: 'dev', subject: 'alice', reason: 'left the company' };
  const response = await call('POST /admin/revocations', body);
  const made = (await response.json()) as { id: string };
  expect(made).toMatchObject({ credentials: 1, credentials_not_cut: 0 });
  await alice.connection.closed();
  await bob.connection.flush();
  await eventually(async () => (await revocation(made.id))?.credentials === 1);

  expect((await call(`DELETE /admin/revocations/${made.id}`)).status).toBe(204);
  await eventually(async () => {
    const applied = [...(await world.applied()).values()];
    return applied.every((claims) => Object.keys(claims?.nats.revocations ?? {}).length === 0);
  });
  expect(await revocation(made.id)).toBeUndefined();
});

async function revocation(id: string) {
  const response = await call('GET /admin/revocations');
  const { revocations } = (await response.json()) as RevocationsAnswer;
  return revocations.find((one) => one.id === id);
}

test('revoking a key revokes every credential that it signed; the next exchange uses the next key', async () => {
  const { connection, issuer } = await connectAs('carol');
  const route = `POST /admin/keys/${issuer}/revoke`;
  const response = await call(route, { reason: 'seed on a stolen disk' });
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      public_key: issuer,
      account: 'APP',
      kind: 'managed',
      slot: 'publisher',
      credentials_cut: expect.any(Number),
    },
  ]);
  await connection.closed();
  expect(world.audit({ type: 'admin', reason: 'seed on a stolen disk' })).toMatchObject([
    { action: 'revoke-key', publicKey: issuer, identity: { subject: 'admin' } },
  ]);
  await eventually(async () => (await world.exchange(await world.token())).ok);
  const next = await connectAs('carol');
  expect(next.issuer).not.toBe(issuer);
  expect((await call(route, { reason: 'again' })).status).toBe(404);
});

test('an unknown key cannot be revoked', async () => {
  const unknown = createKeyPair('account').publicKey;
  const response = await call(`POST /admin/keys/${unknown}/revoke`, { reason: 'test' });
  expect(await answerOf(response)).toEqual(problem(404, 'not_found', 'not_found'));
});
