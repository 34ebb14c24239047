import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { storeUserPermissions } from '../../../src/store/jetstream/permissions.ts';
import { connectStore } from '../../../src/store/jetstream/connection.ts';
import { openJetStreamState } from '../../../src/store/jetstream/state.ts';
import { systemClock } from '../../../src/clock.ts';
import { startNatsServer } from '../../support/nats-server.ts';
import {
  prepareService,
  type ServiceGround,
  startServiceWorld,
} from '../../support/service-world.ts';
import { examine, secret } from './doctor.ts';

describe('the bucket of store.jetstream', () => {
  /** Its user may do this, in an account with JetStream. */
  function ground(permissions = storeUserPermissions('sts')): Promise<ServiceGround> {
    return prepareService({
      accounts: { APP: {}, STORE: { jetstream: true } },
      configure: (tree, { folder, trust }) => {
        secret(folder, 'store.creds', trust.user({ account: 'STORE', permissions }).creds);
        tree['store'].jetstream = { bucket: 'sts', creds: './store.creds' };
      },
    });
  }

  test('is not created by the test, and found once it exists', async () => {
    await using world = await ground();
    const before = await examine(world);
    expect(before.exitCode).toBe(0);
    const missing = before.findings.filter(({ path }) => path === 'store.jetstream');
    expect(missing.map(({ level, found }) => ({ level, found }))).toEqual(
      ['sts', 'sts_credentials', 'sts_single_use'].map((name) => ({
        level: 'note',
        found: `stream KV_${name} does not exist: it will be created at the first start`,
      })),
    );
    const connection = await connectStore({
      servers: [world.nats!.url],
      credsFile: join(world.folder, 'store.creds'),
    });
    await (await openJetStreamState({ connection, bucket: 'sts', clock: systemClock })).close();
    await connection.close();
    const { findings } = await examine(world);
    expect(findings.map(({ found }) => found)).toContain('stream KV_sts exists, 1 copy');
    await world.configure((tree) => (tree['store'].jetstream.replicas = 3));
    expect((await examine(world)).one('store-replicas').level).toBe('warning');
  });

  test('that was created without lifetimes of keys cannot be used', async () => {
    await using world = await ground();
    const manager = await jetstreamManager(await world.observer('STORE'));
    await manager.streams.add({ name: 'KV_sts', subjects: ['$KV.sts.>'] });
    const { findings } = await examine(world);
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([
      expect.objectContaining({
        found: 'stream KV_sts does not support expiry of single keys',
      }),
    ]);
  });

  test('that its user may not ask for', async () => {
    await using world = await ground(storeUserPermissions('another'));
    const { problems } = await examine(world);
    expect(problems).toEqual(['store-permissions']);
  });

  test('of an account without JetStream, and of a server without', async () => {
    await using world = await ground();
    const permissions = storeUserPermissions('sts');
    secret(world.folder, 'store.creds', world.trust.user({ account: 'APP', permissions }).creds);
    expect((await examine(world)).problems).toEqual(['no-jetstream']);
    await using server = await startNatsServer();
    await world.configure(
      (tree) => (tree['store'].jetstream = { bucket: 'sts', servers: server.url }),
    );
    const { problems, findings } = await examine(world);
    expect(problems).toEqual(['no-jetstream']);
    // A store of its own needs no operator.
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'ok', path: 'store.jetstream', id: 'server' }),
    );
  });

  test('at a server that refuses its creds', async () => {
    await using world = await ground();
    await using other = await prepareService();
    await world.configure((tree) => (tree['store'].jetstream.servers = other.nats!.url));
    expect((await examine(world)).problems).toEqual(['store-unreachable']);
  });
});

describe('the SQLite file', () => {
  test('is not created by the test', async () => {
    await using world = await prepareService();
    const { one } = await examine(world);
    expect(one('sqlite').level).toBe('ok');
    expect(existsSync(world.storeFile)).toBe(false);
  });

  test('that is a directory', async () => {
    await using world = await prepareService();
    mkdirSync(world.storeFile);
    expect((await examine(world)).one('sqlite').found).toBe('it is not a file');
  });

  test.skipIf(process.getuid?.() === 0)('in a directory that may not be written', async () => {
    await using world = await prepareService();
    chmodSync(join(world.folder, 'data'), 0o500);
    expect((await examine(world)).one('sqlite').level).toBe('problem');
  });
});

describe('publicUrl', () => {
  test('leads to the service that runs', async () => {
    await using world = await startServiceWorld();
    await world.configure((tree) => (tree['publicUrl'] = world.url));
    expect((await examine(world)).one('public-url').level).toBe('ok');
    const byName = world.url.replace('127.0.0.1', 'localhost');
    await world.configure((tree) => (tree['publicUrl'] = byName));
    expect((await examine(world)).one('public-url').found).toContain(`is from "${world.url}"`);
    await world.service.close();
    await world.configure((tree) => (tree['listen'].port = Number(new URL(world.url).port)));
    expect((await examine(world)).one('public-url').level).toBe('note');
  });

  test('leads to something else', async () => {
    await using server = createServer((_, response) => response.end('<h1>It works!</h1>'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using world = await prepareService();
    const { port } = server.address() as AddressInfo;
    await world.configure((tree) => (tree['publicUrl'] = `http://127.0.0.1:${port}`));
    expect((await examine(world)).one('public-url')).toMatchObject({ level: 'problem' });
  });

  test('is on loopback, and the service listens everywhere', async () => {
    await using world = await prepareService();
    await world.configure((tree) => {
      tree['listen'] = { host: '0.0.0.0', port: 8080, behindProxy: ['10.0.0.0/8'] };
      tree['publicUrl'] = 'http://127.0.0.1:9';
    });
    expect((await examine(world)).one('public-url-loopback').level).toBe('warning');
  });
});
