import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AccountClaims, keyOf, readAccountJwt } from '../../src/account/account-jwt.ts';
import { requestRotation } from '../../src/keyring/changes.ts';
import type { Ring } from '../../src/keyring/ring.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { eventually } from '../support/eventually.ts';
import type { ClusterNode } from '../support/nats-cluster.ts';
import {
  prepareRotation,
  type RotationGround,
  type RunningService,
  startRotating,
} from '../support/rotation-world.ts';

/** What others do to the account JWT on the servers, and what is made of it. */

let ground: RotationGround;
let running: RunningService;

beforeAll(async () => {
  ground = await prepareRotation({
    accounts: { APP: {}, PRICES: {} },
    configure: (tree) => {
      tree['accounts'].APP.rotation.every = '1h';
    },
  });
  running = await startRotating(ground);
  // A server loads an account when its first client comes.
  const { creds } = ground.trust.user();
  for (const node of ground.cluster.nodes) await (await ground.connect(creds, { node })).close();
});

afterAll(async () => {
  await running?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
});

function listedKeys({ nats }: AccountClaims): string[] {
  return (nats.signing_keys ?? []).map(keyOf);
}

function liveKeys(): string[] {
  const keys = ground.ring()?.keys ?? [];
  return keys.filter(({ state }) => state !== 'retired').map(({ publicKey }) => publicKey);
}

/** Resolves with the claims once every server has applied ones that satisfy. */
function everywhere(holds: (claims: AccountClaims) => boolean): Promise<AccountClaims> {
  return eventually(async () => {
    const applied = [...(await ground.applied()).values()];
    const all = applied.length === 3 && applied.every((claims) => claims && holds(claims));
    return all && applied[0];
  });
}

function listsOurs(claims: AccountClaims): boolean {
  const listed = listedKeys(claims);
  return liveKeys().length >= 2 && liveKeys().every((key) => listed.includes(key));
}

/** Signs changed claims, dated later. */
function signed(claims: AccountClaims, signer: KeyPair, later = 1): string {
  const { iss: _iss, jti: _jti, ...rest } = claims;
  return encodeJwt({
    claims: { ...rest, iat: claims.iat + later } as unknown as Parameters<
      typeof encodeJwt
    >[0]['claims'],
    issuerPublicKey: signer.publicKey,
    sign: signer.sign,
  });
}

/** What a node has on its disk; undefined while it is being written. */
async function stored(node: ClusterNode): Promise<AccountClaims | undefined> {
  const file = join(node.jwtDirectory, `${ground.trust.account().key.publicKey}.jwt`);
  const claims = readAccountJwt((await readFile(file, 'utf8')).trim());
  return claims instanceof Malformed ? undefined : claims;
}

async function driftsMended(): Promise<number> {
  return (await running.metric('nats_sts_account_drift_mended_total{account="APP"}')) ?? 0;
}

test('keys that someone else’s push drops are restored, and its other changes stay', async () => {
  const before = await everywhere(listsOurs);
  const [ours, drifts] = [liveKeys(), await driftsMended()];
  const active = ground.ring()?.keys.find(({ state }) => state === 'active')?.publicKey;
  const theirs = createKeyPair('account').publicKey;
  const prices = ground.trust.account('PRICES').key.publicKey;
  const pushed = signed(
    {
      ...before,
      nats: {
        ...before.nats,
        signing_keys: [ground.trust.account().signingKey.publicKey, theirs],
        limits: { ...(before.nats['limits'] as object), conn: 1234 },
        imports: [{ name: 'prices', subject: 'prices.>', account: prices, type: 'stream' }],
      },
    },
    ground.trust.operator.signingKey,
  );
  await ground.push(pushed);
  const mended = await everywhere(
    (claims) => listedKeys(claims).includes(theirs) && listsOurs(claims),
  );

  expect(mended.nats).toMatchObject({ limits: { conn: 1234 }, imports: [{ name: 'prices' }] });
  expect(listedKeys(mended)).toEqual(expect.arrayContaining(ours));
  await eventually(async () => (await driftsMended()) === drifts + 1);
  const event = await eventually(() => ground.audit({ type: 'drift' })[0]);
  // If servers take more than two seconds to apply it, the record does not say that it is repaired.
  expect(event).toMatchObject({ account: 'APP', mended: expect.any(Boolean) });
  expect(event.type === 'drift' && event.lostKeys).toContain(active);
  expect(running.log.text()).toContain('someone else pushed an account JWT');
  const { creds } = await running.credential(await ground.token());
  for (const node of ground.cluster.nodes) await ground.connect(creds, { node });
});

test('the account JWT of another operator is replaced, and nothing is taken from it', async () => {
  const before = await everywhere(listsOurs);
  const stranger = createKeyPair('operator');
  const theirs = createKeyPair('account').publicKey;
  await ground.push(
    signed(
      { ...before, nats: { ...before.nats, signing_keys: [theirs], default_permissions: {} } },
      stranger,
      100,
    ),
  );
  const stores = await eventually(async () => {
    const all = await Promise.all(ground.cluster.nodes.map(stored));
    const isNew = (claims: AccountClaims | undefined) =>
      claims && claims.iss !== stranger.publicKey && claims.iat > before.iat + 100;
    return all.every(isNew) && all;
  });
  for (const claims of stores) {
    if (!claims) throw new Error('there is none');
    expect(listedKeys(claims)).toEqual(listedKeys(before));
    expect(claims.nats['default_permissions']).toEqual(before.nats['default_permissions']);
  }
  await everywhere(listsOurs);
  // Logged when the pass that repaired it has ended.
  const told = `was issued by ${stranger.publicKey}, which is not a key of the trusted operator`;
  await eventually(() => running.log.text().includes(told));
});

test('a server that stored the new account JWT and still uses the old one is noticed and repaired', async () => {
  const node = ground.cluster.node(2);
  await everywhere(listsOurs);
  const old = await node.copyJwts();
  const rotated = ground.activations().length + 1;
  await ground.changeRing((ring: Ring) => requestRotation(ring, ['publisher'], Date.now()));
  await ground.activated(rotated);
  const newest = await everywhere(listsOurs);
  await running[Symbol.asyncDispose]();

  // As if a client had made it load the account while the push came: the race that servers have.
  const copy = join(ground.folder, 'newest.jwt');
  const file = join(node.jwtDirectory, `${newest.sub}.jwt`);
  await copyFile(file, copy);
  // Unless the others send it the new one first.
  await eventually(async () => {
    await node.restart({ directory: { copyOf: old } });
    await (await ground.connect(ground.trust.user().creds, { node })).close();
    await copyFile(copy, file);
    const behind = (await ground.applied()).get(node.name);
    return behind && !listsOurs(behind);
  });
  expect((await stored(node))?.iat).toBe(newest.iat);

  running = await startRotating(ground);
  await everywhere(listsOurs);
  const cured = (await ground.applied()).get(node.name);
  expect(cured?.iat).toBeGreaterThan(newest.iat);
  await eventually(() => running.log.text().includes('"why":"server-behind"'));
});
