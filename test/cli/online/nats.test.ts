import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemUserPermissions } from '../../../src/account/system/permissions.ts';
import { isOlder } from '../../../src/cli/online/nats-servers.ts';
import { account } from '../../support/account-body.ts';
import { encodeJwt } from '../../../src/nats/jwt.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { operator } from '../../support/operator-body.ts';
import type { Permissions } from '../../../src/nats/user-claims.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';
import { startNatsServer } from '../../support/nats-server.ts';
import { createOperatorWorld } from '../../support/operator-world.ts';
import { prepareService, type ServiceGround } from '../../support/service-world.ts';
import { startService } from '../../../src/service.ts';
import { captureLog } from '../../support/captured-log.ts';
import { eventually } from '../../support/eventually.ts';
import { examine, managed, secret, withSystem } from './doctor.ts';

const FULL = { resolver: 'full' } as const;

/** A world whose configuration names this server instead of its own. */
async function at(url: string): Promise<ServiceGround> {
  return prepareService({ nats: false, configure: (tree) => (tree['nats'].servers = [url]) });
}

describe('a server that is not in operator mode is recognised by its greeting', () => {
  test.each([
    ['without authentication', '', 'requires no credentials'],
    ['with a user and password', 'authorization { user: a, password: b }', 'user and password'],
    ['with a token', 'authorization { token: abc }', 'or a token'],
    [
      'with accounts in its file',
      'accounts { A { users: [{ user: a, password: b }] } }',
      'user and password',
    ],
  ])('%s', async (_, config, found) => {
    await using server = await startNatsServer({ config });
    await using world = await at(server.url);
    const { exitCode, one, problems } = await examine(world);
    expect(exitCode).toBe(1);
    expect(problems).toEqual(['not-operator-mode']);
    expect(one('not-operator-mode').found).toContain(found);
    expect(one('not-operator-mode').todo).toContain('operator');
    expect(one('not-tried').found).toContain('no server in operator mode');
  });

  test('with nkeys in its file it greets like one in operator mode, and refuses the keys', async () => {
    const { publicKey } = createKeyPair('user');
    const config = `authorization { users: [{ nkey: ${publicKey} }] }`;
    await using server = await startNatsServer({ config });
    await using world = await at(server.url);
    const { one, problems } = await examine(world);
    expect(problems).toEqual(['signing-key']);
    expect(one('signing-key').todo).toContain('operator mode');
  });
});

describe('a server that cannot be reached', () => {
  test('nobody listens', async () => {
    await using world = await at(`nats://127.0.0.1:${await freePort()}`);
    expect((await examine(world)).one('unreachable').found).toContain('ECONNREFUSED');
  });

  async function port(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  test('a web server waits for a request and sends no greeting', async () => {
    await using server = createServer();
    await using world = await at(`nats://127.0.0.1:${await port(server)}`);
    const { one } = await examine(world, { timeout: '2s' });
    expect(one('not-nats').todo).toContain('client port');
  });

  test('a server of another kind greets in another way', async () => {
    await using server = createTcpServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
    await using world = await at(`nats://127.0.0.1:${await port(server)}`);
    expect((await examine(world)).one('not-nats').found).toContain(
      'greeting is not that of a NATS server',
    );
  });

  test('a certificate that nobody vouches for is named as the cause', async () => {
    await using server = await withTls('');
    await using world = await at(server.url);
    expect((await examine(world)).one('tls').found).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('tls:// to a server without TLS is reported', async () => {
    await using server = await createOperatorWorld().start();
    await using world = await at(server.url.replace('nats:', 'tls:'));
    expect((await examine(world)).one('not-nats').found).toContain('has no TLS');
  });

  test('each of several is reported by itself', async () => {
    await using world = await prepareService();
    const dead = `nats://127.0.0.1:${await freePort()}`;
    await world.configure((tree) => tree['nats'].servers.push(dead));
    const { one } = await examine(world);
    expect(one('unreachable').tried).toContain(dead);
    expect(one('server').tried).toContain(world.nats!.url);
  });

  test('a WebSocket listener greets as well', async () => {
    const port = await freePort();
    const config = `websocket { port: ${port}, host: 127.0.0.1, no_tls: true }`;
    await using _server = await createOperatorWorld().start({ config });
    await using world = await at(`ws://127.0.0.1:${port}`);
    expect((await examine(world)).one('server').found).toContain('nats-server 2.');
  });
});

/** A server in operator mode with a certificate of its own making. */
async function withTls(more: string) {
  const { cert, key } = selfSignedCertificate();
  const world = await prepareService({ nats: false });
  writeFileSync(join(world.folder, 'tls.crt'), cert);
  secret(world.folder, 'tls.key', key);
  const files = `cert_file: "${world.folder}/tls.crt", key_file: "${world.folder}/tls.key"`;
  const server = await createOperatorWorld().start({ config: `tls { ${files} ${more} }` });
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await world[Symbol.asyncDispose]();
    },
  });
}

test('versions are compared number by number', () => {
  expect(isOlder('2.8.4', '2.9.0')).toBe(true);
  expect(isOlder('2.10.0', '2.9.0')).toBe(false);
  expect(isOlder('2.9.0-RC.1', '2.9.0')).toBe(false);
  expect(isOlder('something', '2.9.0')).toBe(false);
});

describe('through the system account', () => {
  test('everything is as configured, before the service starts and while it runs; nothing is written', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const before = await examine(world);
    expect(before.problems).toEqual([]);
    expect(before.exitCode).toBe(0);
    expect(before.one('sqlite').found).toBe('will be created at the first start');
    const service = await startService({
      config: world.configFile,
      log: captureLog().log,
      watch: false,
    });
    try {
      // All that the first start records: a key is staged, it is active, the next one is staged.
      await eventually(() => world.audit().length === 3);
      const recorded = world.audit();
      const during = await examine(world);
      expect(during.problems).toEqual([]);
      expect(during.one('sqlite').found).toBe('exists, and is writable');
      expect(world.audit()).toEqual(recorded);
    } finally {
      await service.close();
    }
  });

  test('no account JWT is pushed by looking', async () => {
    const trust = createOperatorWorld({ resolver: 'full' });
    await using server = await trust.start({ args: ['-DV'] });
    await using world = await prepareService({
      nats: false,
      configure: (tree, { folder, issuer }) => {
        tree['nats'].servers = [server.url];
        tree['accounts'].APP.publicKey = trust.account().key.publicKey;
        managed(tree, { folder, issuer, trust });
      },
    });
    expect((await examine(world)).problems).toEqual([]);
    const published = server.log.filter((line) => line.includes('<<- [PUB '));
    expect(published.some((line) => line.includes('SERVER.PING.VARZ'))).toBe(true);
    expect(published.filter((line) => line.includes('CLAIMS.UPDATE'))).toEqual([]);
  });

  const { pub } = systemUserPermissions();
  test.each(pub.allow ?? [])('a user that may not publish to %s is reported', async (subject) => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const others = (pub.allow ?? []).filter((allowed) => allowed !== subject);
    await narrow(world, { pub: { allow: others } });
    const { one } = await examine(world);
    const [beginning = ''] = subject.split('*');
    expect(one('not-permitted').found).toContain(beginning);
    expect(one('not-permitted').todo).toContain(subject);
  });

  test('a user that may not receive the answers is reported', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    await narrow(world, { sub: { allow: ['_INBOX.>'] } });
    const { one, problems } = await examine(world);
    expect(problems).toEqual(['not-permitted']);
    expect(one('not-permitted').todo).toContain('_INBOX_sts_sys.>');
  });

  test('exactly the permissions that are documented are enough', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    await narrow(world, systemUserPermissions());
    expect((await examine(world)).problems).toEqual([]);
  });

  test('a user of another account is reported', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    await world.configure((tree) => delete tree['nats'].operator);
    secret(world.folder, 'system.creds', world.trust.user().creds);
    const { one, problems } = await examine(world);
    expect(problems).toEqual(['not-system-account']);
    expect(one('not-system-account').found).toContain(world.trust.account().key.publicKey);
  });

  test('a user that has expired, and one that soon will', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const now = Math.floor(Date.now() / 1000);
    await narrow(world, {}, now - 60);
    expect((await examine(world)).problems).toEqual(['expired', 'system-refused']);
    await narrow(world, {}, now + 86_400);
    const { exitCode, one } = await examine(world);
    expect(exitCode).toBe(0);
    expect(one('expires').level).toBe('warning');
  });

  test('servers of another operator refuse the user', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    await using other = await createOperatorWorld({ resolver: 'full' }).start();
    await world.configure((tree) => (tree['nats'].servers = [other.url]));
    // It tries as long as it may.
    const { one } = await examine(world, { timeout: '30s' });
    expect(one('system-refused').found).toContain('not of this operator');
  });

  test('a server with a different clock is reported', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const behind = { now: () => Date.now() - 10_000 };
    const { findings } = await examine(world, { clock: behind });
    expect(findings).toContainEqual(
      expect.objectContaining({
        id: 'clock-skew',
        path: 'nats.servers',
        found: expect.stringContaining(
          'ahead of this machine: credentials expire that much earlier',
        ),
      }),
    );
  });
});

/** The creds of the configuration become those of a user that may only do this. */
async function narrow(
  { folder, trust }: ServiceGround,
  permissions: Permissions,
  exp?: number,
): Promise<void> {
  const { creds } = trust.systemUser({ permissions, ...(exp !== undefined && { exp }) });
  secret(folder, 'system.creds', creds);
}

describe('the operator of the servers', () => {
  test('is another than nats.operator: both are shown', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const other = createKeyPair('operator');
    const jwt = encodeJwt({
      claims: {
        sub: other.publicKey,
        name: 'other',
        iat: 1,
        nats: operator({ signing_keys: [world.trust.operator.signingKey.publicKey] }),
      },
      issuerPublicKey: other.publicKey,
      sign: other.sign,
    });
    secret(world.folder, 'operator.jwt', jwt);
    const { one } = await examine(world);
    expect(one('operator').found).toContain(other.publicKey);
    expect(one('operator').found).toContain(world.trust.operator.key.publicKey);
  });

  test('does not list the operator signing key', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    await world.configure((tree) => delete tree['nats'].operator);
    const stranger = createKeyPair('operator');
    secret(world.folder, 'operator-signing.nk', stranger.seed());
    const { one, problems } = await examine(world);
    expect(problems).toEqual(['operator-signing-key']);
    expect(one('operator-signing-key').found).toContain(stranger.publicKey);
    expect(one('operator-signing-key').found).toContain(world.trust.operator.signingKey.publicKey);
  });

  test('has a signing key that only nats.operator knows: the servers were not restarted', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const { key, signingKey } = world.trust.operator;
    const added = createKeyPair('operator');
    const jwt = encodeJwt({
      claims: {
        sub: key.publicKey,
        name: 'test operator',
        iat: 2,
        nats: operator({
          signing_keys: [signingKey.publicKey, added.publicKey],
          system_account: world.trust.systemAccount.key.publicKey,
        }),
      },
      issuerPublicKey: key.publicKey,
      sign: key.sign,
    });
    secret(world.folder, 'operator.jwt', jwt);
    const { exitCode, one } = await examine(world);
    expect(exitCode).toBe(0);
    expect(one('operator-differs').found).toContain(added.publicKey);
    secret(world.folder, 'operator-signing.nk', added.seed());
    expect((await examine(world)).problems).toEqual(['operator-signing-key']);
  });
});

test('a managed account needs servers that store account JWTs; an external one does not', async () => {
  await using world = await prepareService({ resolver: 'memory', configure: managed });
  const { one } = await examine(world);
  expect(one('resolver').found).toContain('0 of 1 server with a resolver of type full');
  await using external = await prepareService({
    resolver: 'memory',
    configure: (tree, places) => withSystem(tree, places),
  });
  await (await external.observer()).close();
  expect((await examine(external)).one('resolver').level).toBe('note');
});

test('a server that accepts only shorter CONNECT lines than the configuration allows is reported', async () => {
  await using world = await prepareService({ ...FULL, configure: managed });
  await world.configure((tree) => (tree['nats'].maxControlLine = '64KiB'));
  expect((await examine(world)).one('max-control-line').found).toContain('it is 4096');
});

describe('an account', () => {
  test('that no server knows', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const { publicKey } = createKeyPair('account');
    await world.configure((tree) => (tree['accounts'].APP.publicKey = publicKey));
    const { findings } = await examine(world);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: 'problem',
        path: 'accounts.APP',
        found: expect.stringContaining(`no server knows account ${publicKey}`),
      }),
    );
  });

  test('that lists none of the given keys, seen through the system account and from outside', async () => {
    for (const system of [true, false]) {
      await using world = await prepareService({
        configure: (tree, places) => {
          const stranger = createKeyPair('account');
          secret(places.folder, 'stranger.nk', stranger.seed());
          tree['accounts'].APP.signingKeys = [{ file: './stranger.nk' }];
          if (system) withSystem(tree, places);
        },
      });
      if (system) await (await world.observer()).close();
      const { one, problems } = await examine(world);
      expect(problems).toEqual(['signing-key']);
      expect(one('signing-key').path).toBe('accounts.APP');
    }
  });

  test('with a key that is tied to a role in the account JWT, and to none in the configuration', async () => {
    await using world = await prepareService({
      accounts: { APP: { scopes: { publisher: { pub: { allow: ['x'] } } } } },
      configure: (tree) =>
        (tree['accounts'].APP.signingKeys = [tree['accounts'].APP.signingKeys[0].seed]),
    });
    expect((await examine(world)).one('signing-key').found).toContain(
      'listed as scoped, configured as plain',
    );
  });

  test('whose JWT somebody else has signed', async () => {
    await using world = await prepareService({ ...FULL, configure: managed });
    const stranger = createKeyPair('operator');
    const { key } = world.trust.account();
    const jwt = encodeJwt({
      claims: { sub: key.publicKey, iat: Math.floor(Date.now() / 1000) + 10, nats: account() },
      issuerPublicKey: stranger.publicKey,
      sign: stranger.sign,
    });
    const system = await world.connect(world.trust.sysCreds);
    await system.request('$SYS.REQ.CLAIMS.UPDATE', jwt);
    const { findings } = await examine(world);
    expect(findings.map(({ found }) => found)).toContainEqual(
      expect.stringContaining(
        `issued by ${stranger.publicKey}, which is not a key of the trusted operator`,
      ),
    );
  });

  const soon = () => Math.floor(Date.now() / 1000) + 86_400;
  const past = () => Math.floor(Date.now() / 1000) - 60;
  test.each([
    ['has expired', {}, past, 'nobody-gets-in', 'expired at'],
    ['allows no connections', { limits: { conn: 0 } }, undefined, 'nobody-gets-in', 'connection'],
    ['leaves it to a callout', { callout: true }, undefined, 'nobody-gets-in', 'callout'],
    ['expires soon', {}, soon, 'account', 'expires'],
  ] as const)(
    'whose JWT %s',
    async (_, { limits, callout }: { limits?: object; callout?: true }, exp, id, found) => {
      await using world = await prepareService({ ...FULL, configure: managed });
      const { key } = world.trust.account();
      const { signingKey } = world.trust.operator;
      const authorization = { auth_users: [createKeyPair('user').publicKey] };
      const jwt = encodeJwt({
        claims: {
          sub: key.publicKey,
          iat: Math.floor(Date.now() / 1000) + 10,
          exp: exp?.(),
          nats: account({ ...(limits && { limits }), ...(callout && { authorization }) }),
        },
        issuerPublicKey: signingKey.publicKey,
        sign: signingKey.sign,
      });
      const system = await world.connect(world.trust.sysCreds);
      await system.request('$SYS.REQ.CLAIMS.UPDATE', jwt);
      const { findings } = await examine(world);
      expect(findings).toContainEqual(
        expect.objectContaining({
          path: 'accounts.APP',
          id,
          found: expect.stringContaining(found),
        }),
      );
    },
  );
});
