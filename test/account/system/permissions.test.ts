import { errors } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACCOUNTZ,
  claimsLookup,
  INBOX_PREFIX,
  PING,
  systemUserPermissions,
} from '../../../src/account/system/permissions.ts';
import { systemSessions } from '../../../src/account/system/sessions.ts';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../../src/account/system/connection.ts';
import { systemResolver } from '../../../src/account/system/resolver.ts';
import { trustOfServers } from '../../../src/account/trust.ts';
import { formatCreds } from '../../../src/nats/creds.ts';
import { encodeJwt } from '../../../src/nats/jwt.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { directUser, type Permissions } from '../../../src/nats/user-claims.ts';
import { type NatsServer } from '../../support/nats-server.ts';
import { publishTo, subscriptionError } from '../../support/nats-traffic.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { connectTo } from '../connect.ts';

const world = createOperatorWorld({ resolver: 'full' });
const { key, jwt } = world.account();
let server: NatsServer;
let system: SystemConnection;
beforeAll(async () => {
  server = await world.start();
  const creds = { creds: systemUser(systemUserPermissions()) };
  system = openSystemConnection({ servers: [server.url], login: creds });
  await system.ready();
});
afterAll(async () => {
  await system?.close();
  await server?.stop();
});

function systemUser(permissions: Permissions): string {
  const { key, signingKey } = world.systemAccount;
  const user = createKeyPair('user');
  const jwt = encodeJwt({
    claims: {
      sub: user.publicKey,
      iat: Math.floor(Date.now() / 1000),
      nats: directUser({ issuer_account: key.publicKey, ...permissions }),
    },
    issuerPublicKey: signingKey.publicKey,
    sign: signingKey.sign,
  });
  return formatCreds({ jwt, seed: user.seed() });
}

describe('with the permissions of the system user of nats-sts and nothing more', () => {
  test('looking, pushing, trust and sessions work', async () => {
    const resolver = systemResolver({ system });
    expect((await resolver.look(key.publicKey)).stored).toEqual([jwt]);
    expect(await resolver.push(jwt)).toMatchObject([{ code: 200 }]);
    const { signingKey } = world.operator;
    expect(await trustOfServers(system, signingKey.publicKey)).toContain(signingKey.publicKey);
    await using _client = await connectTo(server.url, world.user().creds);
    expect(await systemSessions({ system }).count(key.publicKey)).toBe(1);
  });

  test.each([
    ['reload a server', (id: string) => `$SYS.REQ.SERVER.${id}.RELOAD`],
    ['cut a client', (id: string) => `$SYS.REQ.SERVER.${id}.KICK`],
    ['delete accounts', () => '$SYS.REQ.CLAIMS.DELETE'],
    ['list accounts', () => '$SYS.REQ.CLAIMS.LIST'],
    ['update an account the old way', () => `$SYS.REQ.ACCOUNT.${key.publicKey}.CLAIMS.UPDATE`],
    ['publish elsewhere', () => 'anywhere'],
  ])('it may not %s', async (_, subject) => {
    const other = await connectTo(server.url, systemUser(systemUserPermissions()));
    await using _other = other;
    const refused = Promise.withResolvers<Error>();
    void (async () => {
      for await (const status of other.status()) {
        if (status.type === 'error') refused.resolve(status.error);
      }
    })();
    await publishTo(other, [subject(other.info?.server_id ?? '')]);
    const error = await refused.promise;
    expect(error).toBeInstanceOf(errors.PermissionViolationError);
  });

  test.each(['$SYS.>', '_INBOX.>', '>'])('it may not listen to %s', async (subject) => {
    await using other = await connectTo(server.url, systemUser(systemUserPermissions()));
    expect(await subscriptionError(other, subject)).toBeInstanceOf(errors.PermissionViolationError);
  });
});

describe('with less', () => {
  const { pub, sub } = systemUserPermissions();
  const without = (subject: string) => pub.allow?.filter((allowed) => allowed !== subject) ?? [];
  test.each([
    ['publish', PING, { pub: { allow: without(PING) }, sub }],
    ['publish', ACCOUNTZ, { pub: { allow: without(ACCOUNTZ) }, sub }],
    ['publish', claimsLookup(key.publicKey), { pub: { allow: without(claimsLookup('*')) }, sub }],
    ['subscribe', INBOX_PREFIX, { pub, sub: { allow: ['nothing'] } }],
  ])('the resolver says that the user may not %s to %s', async (verb, subject, permissions) => {
    const creds = { creds: systemUser(permissions) };
    const poor = openSystemConnection({ servers: [server.url], login: creds });
    await poor.ready();
    await expect(systemResolver({ system: poor }).look(key.publicKey)).rejects.toThrow(
      `the system account user may not ${verb} to "${subject}`,
    );
    await poor.close();
  });
});
