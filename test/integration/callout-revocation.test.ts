import { jwtAuthenticator, tokenAuthenticator } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { createCurveKeyPair } from '../../src/nats/curve-key-pair.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { startOperatorCallout } from '../support/callout-world.ts';
import { eventually } from '../support/eventually.ts';
import { startRotationWorld } from '../support/rotation-world.ts';

/** Servers do not look at revocations when a client of a callout connects: the callout must. */

const REFUSED = 'Authorization Violation';
const ADMIN = { issuer: 'dev', match: { sub: 'admin' } };

async function revoke(url: string, token: string, target: object): Promise<void> {
  const response = await fetch(`${url}/admin/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...target, reason: 'they left' }),
  });
  expect(response.status).toBe(201);
}

test('a managed account of the callout gets its authorization, and a revoked session ends and does not come back', async () => {
  const user = createKeyPair('user');
  const xkey = createCurveKeyPair();
  const world = await startRotationWorld({
    size: 1,
    accounts: { APP: {}, AUTH: {} },
    configure: (tree, { trust }) => {
      tree['accounts'].APP.rotation = { every: '1h', grace: '10s' };
      tree['accounts'].AUTH = { publicKey: trust.account('AUTH').key.publicKey };
      tree['callout'] = {
        account: 'AUTH',
        connect: { nkey: user.seed() },
        xkey: xkey.seed(),
      };
    },
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  await eventually(() => world.log.text().includes('answering auth callouts'));
  const [claims] = (await world.applied('AUTH')).values();
  expect(claims?.nats['authorization']).toEqual({
    auth_users: [user.publicKey],
    allowed_accounts: [world.trust.account('APP').key.publicKey],
    xkey: xkey.publicKey,
  });

  const sentinel = world.trust.user({
    account: 'AUTH',
    permissions: { bearer_token: true, pub: { deny: ['>'] }, sub: { deny: ['>'] } },
  });
  const token = await world.token({ sub: 'orders' });
  const connectBy = () =>
    world.connect('', {
      authenticator: [jwtAuthenticator(sentinel.jwt), tokenAuthenticator(token)],
    });
  const client = await connectBy();
  await client.flush();
  const [issued] = world.audit({ type: 'issued' });
  expect(issued).toMatchObject({ door: 'callout', role: 'publisher', account: 'APP' });

  await revoke(world.url, await world.token({ sub: 'admin' }), {
    issuer: 'dev',
    subject: 'orders',
  });
  expect(String(await client.closed())).toMatch(/revoked/i);
  await expect(connectBy()).rejects.toThrow(REFUSED);
  expect(world.audit({ type: 'denied' })).toMatchObject([{ reason: 'token_revoked' }]);
});

test('where nats-sts does not write the account JWT, the server closes the revoked session', async () => {
  const world = await startOperatorCallout((tree, { trust, write }) => {
    tree['admin'] = [ADMIN];
    tree['nats'].system = { creds: write('sys.creds', trust.sysCreds) };
  });
  const token = await world.token({ sub: 'orders' });
  const client = await world.connectBy(token);
  const other = await world.connectBy(token, { name: 'second' });
  const subject = { issuer: 'dev', subject: 'orders' };
  await revoke(world.url, await world.token({ sub: 'admin' }), subject);
  await Promise.all([client.closed(), other.closed()]);
  await expect(world.connectBy(token)).rejects.toThrow(REFUSED);
  expect(world.log.text()).not.toContain('NATS refuses all users');
});
