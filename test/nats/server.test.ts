import {
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { encodeJwt, natsJsonOf } from '../../src/nats/jwt.ts';
import { formatCreds } from '../../src/nats/creds.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { directUser } from '../../src/nats/user-claims.ts';
import type { NatsServer } from '../support/nats-server.ts';
import { createOperatorWorld, type OperatorWorld } from '../support/operator-world.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

/** What NATS makes of the JWTs and creds files that we write, as seen from nats.js. */

let world: OperatorWorld;
let server: NatsServer;

beforeAll(async () => {
  world = createOperatorWorld({
    accounts: {
      APP: {
        scopes: {
          publisher: {
            pub: { allow: ['orders.{{tag(repo)}}.>'] },
            sub: { allow: ['_INBOX.>'] },
          },
          everything: {},
        },
      },
    },
    resolver: 'full',
  });
  server = await world.start();
});
afterAll(() => server.stop());

async function connectWith(creds: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: server.url,
    authenticator: credsAuthenticator(Buffer.from(creds)),
    reconnect: false,
    timeout: PATIENCE_MILLISECONDS,
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** Publishes to each subject in turn; returns those that an unrestricted user of the account saw. */
async function delivered(creds: string, subjects: readonly string[]): Promise<string[]> {
  const observer = await connectWith(world.user().creds);
  const seen = observer.subscribe('>');
  await observer.flush();
  const connection = await connectWith(creds);
  for (const subject of subjects) connection.publish(subject);
  await connection.flush();
  return drained(observer, seen);
}

/** The subjects that reached `subscription` until now: the server keeps the order, so a flush comes after them. */
async function drained(connection: NatsConnection, subscription: Subscription): Promise<string[]> {
  await connection.flush();
  await subscription.drain();
  const subjects: string[] = [];
  for await (const { subject } of subscription) subjects.push(subject);
  return subjects;
}

/** Why the server ended or refused this subscription, or undefined when it stands. */
async function refusalOf(connection: NatsConnection, subject: string): Promise<unknown> {
  return new Promise((resolve) => {
    connection.subscribe(subject, { callback: (fault) => resolve(fault ?? undefined) });
    void connection.flush().then(() => resolve(undefined));
  });
}

describe('a direct user', () => {
  test('with every limit set connects, and publishes only where it may', async () => {
    const { creds } = world.user({
      permissions: {
        pub: { allow: ['orders.>'], deny: ['orders.secret'] },
        sub: { allow: ['_INBOX.>'], deny: ['_INBOX.others.>'] },
        resp: { max: 2, ttl: 1_000_000_000 },
        subs: 10,
        data: 1024 * 1024,
        payload: 1024,
        src: ['127.0.0.0/8', '::1/128'],
        times: [
          { start: '00:00:00', end: '12:00:00' },
          { start: '12:00:00', end: '23:59:59' },
        ],
        times_location: 'UTC',
        allowed_connection_types: ['STANDARD'],
        bearer_token: false,
      },
      tags: ['env:prod'],
    });
    const subjects = ['orders.a', 'other', 'orders.secret', 'orders.b.c'];
    expect(await delivered(creds, subjects)).toEqual(['orders.a', 'orders.b.c']);
  });

  test('subscribes only where it may', async () => {
    const { creds } = world.user({
      permissions: { sub: { allow: ['a.>'], deny: ['a.secret'] } },
    });
    const connection = await connectWith(creds);
    expect(await refusalOf(connection, 'a.b')).toBeUndefined();
    expect(await refusalOf(connection, 'a.secret')).toBeInstanceOf(errors.PermissionViolationError);
    expect(await refusalOf(connection, 'b')).toBeInstanceOf(errors.PermissionViolationError);
  });

  test.each([
    ['another network', { src: ['192.0.2.0/24'] }],
    ['another kind of connection', { allowed_connection_types: ['MQTT'] }],
  ])('that is for %s is refused', async (_, permissions) => {
    await expect(connectWith(world.user({ permissions }).creds)).rejects.toThrow(
      errors.AuthorizationError,
    );
  });

  test('that has expired is refused', async () => {
    await expect(connectWith(world.user({ exp: 1_700_000_000 }).creds)).rejects.toThrow(
      errors.AuthorizationError,
    );
  });

  test('made from a NATS part that was serialised before connects', async () => {
    const { key, signingKey } = world.account();
    const user = createKeyPair('user');
    const jwt = encodeJwt({
      claims: {
        sub: user.publicKey,
        iat: 1_700_000_000,
        nats: natsJsonOf(directUser({ issuer_account: key.publicKey })),
      },
      issuerPublicKey: signingKey.publicKey,
      sign: signingKey.sign,
    });
    const connection = await connectWith(formatCreds({ jwt, seed: user.seed() }));
    expect(connection.isClosed()).toBe(false);
  });

  test('signed by a key that the account does not list is refused', async () => {
    const { key } = world.account();
    const stranger = createKeyPair('account');
    const user = createKeyPair('user');
    const jwt = encodeJwt({
      claims: {
        sub: user.publicKey,
        iat: 1_700_000_000,
        nats: directUser({ issuer_account: key.publicKey }),
      },
      issuerPublicKey: stranger.publicKey,
      sign: stranger.sign,
    });
    await expect(connectWith(formatCreds({ jwt, seed: user.seed() }))).rejects.toThrow(
      errors.AuthorizationError,
    );
  });

  test('cannot connect with the seed of another', async () => {
    const creds = formatCreds({ jwt: world.user().jwt, seed: createKeyPair('user').seed() });
    await expect(connectWith(creds)).rejects.toThrow(errors.AuthorizationError);
  });
});

describe('NATS allows what no permission mentions', () => {
  const subjects = ['orders.a', 'anything.at.all'];

  test('a user without `pub` publishes everywhere', async () => {
    const { creds } = world.user({ permissions: { sub: { allow: ['_INBOX.>'] } } });
    expect(await delivered(creds, subjects)).toEqual(subjects);
  });

  test('an empty `allow` is none: the user publishes everywhere', async () => {
    const { creds } = world.user({ permissions: { pub: { allow: [] } } });
    expect(await delivered(creds, subjects)).toEqual(subjects);
  });

  test('a user of a scoped key with an empty template publishes everywhere', async () => {
    const { creds } = world.user({ role: 'everything' });
    expect(await delivered(creds, subjects)).toEqual(subjects);
  });

  test('denying `>` is how to let a user publish nothing', async () => {
    const { creds } = world.user({ permissions: { pub: { deny: ['>'] } } });
    expect(await delivered(creds, subjects)).toEqual([]);
  });
});

describe('a user with `resp` alone', () => {
  test.each([
    ['no `pub`', {}],
    ['`pub` denied', { pub: { deny: ['>'] } }],
  ])('and %s answers requests as often as it may, and publishes nothing else', async (_, pub) => {
    const { creds } = world.user({
      permissions: { ...pub, resp: { max: 1, ttl: 60_000_000_000 } },
    });
    const service = await connectWith(creds);
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    service.subscribe('service', {
      callback: (_fault, message) => {
        message.respond('first');
        message.respond('second');
        service.publish('elsewhere');
        resolve();
      },
    });
    await service.flush();
    const client = await connectWith(world.user().creds);
    const answers = client.subscribe('answers');
    const elsewhere = client.subscribe('elsewhere');
    client.publish('service', 'question', { reply: 'answers' });
    await answered;
    await service.flush();
    expect(await drained(client, answers)).toEqual(['answers']);
    expect(await drained(client, elsewhere)).toEqual([]);
  });
});

describe('a user of a scoped signing key', () => {
  test('publishes where the template, filled with its tags, allows', async () => {
    const { creds } = world.user({ role: 'publisher', tags: ['repo:42', 'env:prod'] });
    const subjects = ['orders.42.a', 'orders.43.a', 'other', 'orders.42.b'];
    expect(await delivered(creds, subjects)).toEqual(['orders.42.a', 'orders.42.b']);
  });

  test('may publish nothing when the tag is missing', async () => {
    const { creds } = world.user({ role: 'publisher' });
    expect(await delivered(creds, ['orders.42.a', 'orders..a', 'other'])).toEqual([]);
  });

  test('is refused when it carries permissions or limits of its own', async () => {
    const { key, scopedKeys } = world.account();
    const signer = scopedKeys['publisher']!;
    const user = createKeyPair('user');
    const jwt = encodeJwt({
      claims: {
        sub: user.publicKey,
        iat: 1_700_000_000,
        nats: directUser({ issuer_account: key.publicKey, tags: ['repo:42'] }),
      },
      issuerPublicKey: signer.publicKey,
      sign: signer.sign,
    });
    await expect(connectWith(formatCreds({ jwt, seed: user.seed() }))).rejects.toThrow(
      errors.AuthorizationError,
    );
  });
});

describe('a world', () => {
  test('has a system account whose user may ask the server for its accounts', async () => {
    const system = await connectWith(world.sysCreds);
    const { publicKey } = world.account().key;
    const reply = await system.request(`$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`, '', {
      timeout: PATIENCE_MILLISECONDS,
    });
    expect(reply.string()).toBe(world.account().jwt);
  });

  test('takes an account JWT that is pushed, signed by its operator', async () => {
    const system = await connectWith(world.sysCreds);
    const { name, key, body } = world.account();
    const iat = Math.floor(Date.now() / 1000) + 1;
    const next = world.signAccount({ name, key, body, iat });
    const reply = await system.request('$SYS.REQ.CLAIMS.UPDATE', next, {
      timeout: PATIENCE_MILLISECONDS,
    });
    expect(reply.json()).toMatchObject({ data: { code: 200 } });
  });
});
