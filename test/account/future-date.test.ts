import { expect, test } from 'vitest';
import { assess } from '../../src/account/assess.ts';
import { signAccount } from '../../src/account/sign-account.ts';
import { openSystemConnection } from '../../src/account/system/connection.ts';
import { systemResolver } from '../../src/account/system/resolver.ts';
import { emptyRing } from '../../src/keyring/ring.ts';
import { account } from '../support/account-body.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { createOperatorWorld } from '../support/operator-world.ts';
import { connectTo } from './connect.ts';
import { ringKey } from './rings.ts';

test('an account JWT from the future is replaced on real servers by one of today, whether the account is loaded or not', async () => {
  const world = createOperatorWorld({ resolver: 'full' });
  const app = world.account();
  const publicKey = app.key.publicKey;
  const signer = world.operator.signingKey;
  await using server = await world.start();
  const system = openSystemConnection({
    servers: [server.url],
    login: { creds: world.sysCreds },
  });
  await system.ready();
  const resolver = systemResolver({ system });
  const ring = {
    ...emptyRing({ account: 'APP', publicKey, kind: 'managed' }),
    keys: [ringKey({ state: 'staged' })],
  };
  const issuers = new Set<string>([signer.publicKey]);
  const look = async () =>
    assess({ view: await resolver.look(publicKey), ring, issuers, now: Date.now() });

  const nowSeconds = Math.floor(Date.now() / 1000);
  async function pushFromTheFuture(by: typeof signer): Promise<void> {
    const claims = { sub: publicKey, name: 'APP', iat: nowSeconds * 2, nats: account(app.body) };
    const jwt = encodeJwt({ claims, issuerPublicKey: by.publicKey, sign: by.sign });
    expect(await resolver.push(jwt)).toMatchObject([{ code: 200 }]);
    expect((await resolver.look(publicKey)).stored).toEqual([jwt]);
  }
  async function heal(): Promise<void> {
    const { push } = await look();
    expect(push?.claims.iat).toBeLessThan(nowSeconds + 100);
    await resolver.push(signAccount({ claims: push!.claims, signer }));
    const healed = await look();
    expect(healed.push).toBeUndefined();
    expect(healed.confirmed.size).toBe(1);
    expect(healed.base?.iat).toBeLessThan(nowSeconds + 100);
  }

  await pushFromTheFuture(signer);
  await heal();
  await using _client = await connectTo(server.url, world.user().creds);
  await pushFromTheFuture(signer);
  expect((await resolver.look(publicKey)).servers).toMatchObject([{ state: 'applied' }]);
  await heal();
  await pushFromTheFuture(createKeyPair('operator'));
  await heal();
  await system.close();
});
