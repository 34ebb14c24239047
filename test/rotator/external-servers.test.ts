import { describe, expect, test } from 'vitest';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../src/account/system/connection.ts';
import { systemResolver } from '../../src/account/system/resolver.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { emptyRing, type Ring } from '../../src/keyring/ring.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { canaryServers, externalServers } from '../../src/rotator/external-servers.ts';
import { type Servers, systemServers } from '../../src/rotator/servers.ts';
import { ringKey } from '../account/rings.ts';
import { createOperatorWorld } from '../support/operator-world.ts';

const wanted = { slots: [], graceMilliseconds: 0, stagedMilliseconds: 0, given: [] };

/** Servers of which none has loaded the account. */
async function start(resolver: 'memory' | 'full', account?: KeyPair<'account'>) {
  const world = createOperatorWorld({ resolver });
  const server = await world.start();
  const system: SystemConnection = openSystemConnection({
    servers: [server.url],
    login: { creds: world.sysCreds },
  });
  await system.ready();
  const { key, signingKey } = world.account();
  const told = systemServers({
    resolver: systemResolver({ system }),
    issuers: async () => undefined,
    clock,
  });
  const given = new Map([[signingKey.publicKey, signingKey]]);
  const canary = canaryServers({
    servers: [server.url],
    account: () => ({ given, wanted }),
    clock,
  });
  const ring: Ring = {
    ...emptyRing({
      account: 'APP',
      publicKey: (account ?? key).publicKey,
      kind: 'external',
    }),
    keys: [ringKey({ state: 'staged', publicKey: signingKey.publicKey })],
  };
  return {
    told,
    servers: externalServers({ system: told, canary }),
    ring,
    publicKey: signingKey.publicKey,
    async [Symbol.asyncDispose]() {
      await system.close();
      await server.stop();
    },
  };
}

const assessed = async (servers: Servers, ring: Ring) => (await servers.look(ring)).assess(ring);

describe('an external account that no server has loaded', () => {
  test('is not known to servers that store no account JWTs; a canary finds out, and its key signs', async () => {
    await using world = await start('memory');
    expect(await assessed(world.told, world.ring)).toMatchObject({
      complete: false,
      unloaded: true,
    });
    const found = await assessed(world.servers, world.ring);
    expect(found).toMatchObject({ complete: true, problems: [] });
    expect(found.confirmed).toEqual(new Set([world.publicKey]));
  });

  test('is reported by servers that store it, without a canary', async () => {
    await using world = await start('full');
    const found = await assessed(world.servers, world.ring);
    expect(found.confirmed).toEqual(new Set([world.publicKey]));
    expect((await assessed(world.servers, { ...world.ring, keys: [] })).complete).toBe(true);
  });

  test('and that none can load is a problem: its keys do not sign', async () => {
    await using world = await start('memory', createKeyPair('account'));
    const found = await assessed(world.servers, world.ring);
    expect(found.confirmed).toEqual(new Set());
    expect(found.unusable.get(world.publicKey)).toContain('does not list it');
    expect(found.problems).toEqual([expect.stringContaining('no server knows account')]);
  });
});
