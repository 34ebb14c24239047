import { errors, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstError, heard, publishTo, subscriptionError } from '../support/nats-traffic.ts';
import { startServiceWorld, type ServiceWorld } from '../support/service-world.ts';

/** Every limit that a role can have: the real server takes it, and it has its effect. */

let world: ServiceWorld;
let token: string;

/** An hour that is far from now, so that the test can't be overtaken by the clock. */
function hourFarFromNow(): { start: string; end: string } {
  const hour = (new Date().getUTCHours() + 12) % 24;
  const text = String(hour).padStart(2, '0');
  return { start: `${text}:00:00`, end: `${text}:59:59` };
}

const everything = { allow: ['>'] };
const ROLES = {
  'few-subscriptions': { limits: { subscriptions: 2 } },
  'small-messages': { limits: { payload: '8B' } },
  'little-data': { limits: { data: '1KiB' } },
  'from-here': { sources: ['127.0.0.0/8', '::1/128'] },
  'from-elsewhere': { sources: ['192.0.2.0/24'] },
  'all-day': {
    times: [
      { start: '00:00:00', end: '12:00:00' },
      { start: '12:00:00', end: '23:59:59' },
    ],
    timezone: 'Europe/Berlin',
  },
  'at-another-time': { times: [hourFarFromNow()], timezone: 'UTC' },
  'over-tcp': { connectionTypes: ['STANDARD'] },
  'over-others': { connectionTypes: ['WEBSOCKET', 'MQTT', 'LEAFNODE'] },
  denied: {
    publish: { allow: ['a.>'], deny: ['a.secret'] },
    subscribe: { allow: ['a.>', 'jobs workers'], deny: ['a.secret'] },
  },
  responder: {
    publish: {},
    subscribe: { allow: ['requests'] },
    responses: { max: 2, ttl: '1m' },
  },
};

beforeAll(async () => {
  world = await startServiceWorld({
    configure: (tree) => {
      for (const [name, role] of Object.entries(ROLES)) {
        tree.roles[name] = { account: 'APP', publish: everything, subscribe: everything, ...role };
      }
      tree.bindings[0].roles = Object.keys(ROLES);
    },
  });
  token = await world.token();
});
afterAll(() => world[Symbol.asyncDispose]());

async function connectAs(role: keyof typeof ROLES): Promise<NatsConnection> {
  const { creds } = await world.credential(token, { role });
  return world.connect(creds);
}

test('as many subscriptions as the role has, and no more', async () => {
  const connection = await connectAs('few-subscriptions');
  const error = firstError(connection);
  for (const subject of ['a', 'b', 'c']) connection.subscribe(subject, { callback: () => {} });
  await connection.flush().catch(() => {});
  expect(String(await error)).toMatch(/maximum subscriptions exceeded/i);
});

test('messages as large as the role has, and no larger', async () => {
  const connection = await connectAs('small-messages');
  const subjects = await heard(await world.observer(), async () => {
    connection.publish('small', '12345678');
    await connection.flush();
    expect(() => {
      connection.publish('large', '123456789');
    }).toThrow(/max_payload/);
  });
  expect(subjects).toEqual(['small']);
});

test('a limit on all data is taken by the server', async () => {
  const connection = await connectAs('little-data');
  expect(await heard(await world.observer(), () => publishTo(connection, ['a']))).toEqual(['a']);
});

test.each(['from-here', 'all-day', 'over-tcp'] as const)('%s: it connects', async (role) => {
  const connection = await connectAs(role);
  expect(await heard(await world.observer(), () => publishTo(connection, ['a']))).toEqual(['a']);
});

test.each(['from-elsewhere', 'at-another-time', 'over-others'] as const)(
  '%s: the server refuses it',
  async (role) => {
    await expect(connectAs(role)).rejects.toThrow(errors.AuthorizationError);
  },
);

test('deny removes from what is allowed, and a queue rule allows only that queue', async () => {
  const connection = await connectAs('denied');
  const subjects = await heard(await world.observer(), () =>
    publishTo(connection, ['a.b', 'a.secret', 'b']),
  );
  expect(subjects).toEqual(['a.b']);
  expect(await subscriptionError(connection, 'a.b')).toBeUndefined();
  expect(await subscriptionError(connection, 'a.secret')).toBeInstanceOf(
    errors.PermissionViolationError,
  );
  expect(await subscriptionError(connection, 'jobs')).toBeInstanceOf(
    errors.PermissionViolationError,
  );
  expect(await subscriptionError(connection, 'jobs', 'workers')).toBeUndefined();
});

test('responses: it answers a request as often as allowed, and publishes nothing else', async () => {
  const service = await connectAs('responder');
  service.subscribe('requests', {
    callback: (_error, message) => {
      for (const answer of ['one', 'two', 'three']) message.respond(answer);
    },
  });
  await service.flush();
  const client = await world.observer();
  const answers: string[] = [];
  client.subscribe('_INBOX.here', {
    callback: (_error, message) => void answers.push(message.string()),
  });
  const error = firstError(service);
  client.publish('requests', '', { reply: '_INBOX.here' });
  expect(await error).toBeInstanceOf(errors.PermissionViolationError);
  await service.flush();
  await client.flush();
  expect(answers).toEqual(['one', 'two']);
  expect(await heard(client, () => publishTo(service, ['a', '_INBOX.here']))).toEqual([]);
});
