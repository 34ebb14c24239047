import { connect } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { requestJwt } from '../nats/callout/requests.ts';
import {
  type CalloutWorld,
  startConfiguredCallout,
  startOperatorCallout,
} from '../support/callout-world.ts';
import { eventually } from '../support/eventually.ts';

const REFUSED = 'Authorization Violation';

describe.each<[string, () => Promise<CalloutWorld>]>([
  ['servers that trust an operator', () => startOperatorCallout()],
  ['servers with auth_callout in their configuration', () => startConfiguredCallout()],
])('with %s', (_, start) => {
  test('a token is all that a client needs, and gets what the policy grants', async () => {
    const world = await start();
    const client = await world.connectBy(await world.token({ sub: 'orders' }));
    const own = client.subscribe('orders.orders.>', { max: 1 });
    client.publish('orders.orders.new', 'hello');
    await client.flush();
    for await (const message of own) expect(message.string()).toBe('hello');
    const [issued] = world.audit({ type: 'issued' });
    expect(issued).toMatchObject({
      door: 'callout',
      role: 'publisher',
      account: 'APP',
      address: '127.0.0.1',
      client: { lang: 'nats.js', kind: 'client', type: 'nats', connection: expect.any(Number) },
    });
  });

  test('a token without a binding is refused at once, and the record says which condition failed', async () => {
    const world = await start();
    await expect(
      world.connectBy(await world.token({ sub: 'other' }), { name: 'billing' }),
    ).rejects.toThrow(REFUSED);
    const [denied] = world.audit({ type: 'denied' });
    expect(denied).toMatchObject({
      door: 'callout',
      reason: 'no_binding',
      binding: 'orders service',
      failed: [{ on: 'sub', expected: '"orders"' }],
      client: { name: 'billing', lang: 'nats.js' },
    });
  });

  test('the log has no error', async () => {
    const world = await start();
    await world.connectBy(await world.token({ sub: 'orders' }));
    expect(world.log.text()).not.toContain('"level":"error"');
  });

  test('what is no token is refused with its own reason', async () => {
    const world = await start();
    await expect(world.connectBy('secret')).rejects.toThrow(REFUSED);
    expect(world.audit({ type: 'rejected' })).toMatchObject([
      { door: 'callout', reason: 'token_not_a_jwt', client: { lang: 'nats.js' } },
    ]);
  });

  test('the same counts in the metrics as at other doors', async () => {
    const world = await start();
    await world.connectBy(await world.token({ sub: 'orders' }));
    await expect(world.connectBy(await world.token({ sub: 'other' }))).rejects.toThrow(REFUSED);
    const metrics = await (await fetch(`${world.url}/metrics`)).text();
    expect(metrics).toContain('nats_sts_exchanges_total{door="callout",outcome="issued"} 1');
    expect(metrics).toContain('nats_sts_exchanges_total{door="callout",outcome="no_binding"} 1');
  });
});

describe('without an operator', () => {
  test('a password is a token, and the user name a role', async () => {
    const world = await startConfiguredCallout();
    const token = await world.token({ sub: 'orders' });
    const by = (user: string) => {
      const options = { servers: world.server.url, user, pass: token, reconnect: false };
      return connect(options).then((connection) => connection.close());
    };
    await by('publisher');
    await by('role:publisher');
    await expect(by('other')).rejects.toThrow(REFUSED);
    expect(world.audit({ type: 'denied' })).toMatchObject([
      { reason: 'role_not_allowed', role: 'other' },
    ]);
  });

  test('POST /exchange says why it has no credential of such an account', async () => {
    const world = await startConfiguredCallout();
    const answer = await world.exchange(await world.token({ sub: 'orders' }));
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ reason: 'callout_only' });
  });

  test('a session ends with its credential', async () => {
    const world = await startConfiguredCallout({
      configure: (tree) => (tree['roles'].publisher.maxTtl = '1s'),
    });
    const client = await world.connectBy(await world.token({ sub: 'orders' }));
    expect(String(await client.closed())).toMatch(/expired/i);
  });

  test('sources and kinds of connection are checked, whether or not the server does', async () => {
    const world = await startConfiguredCallout({
      configure: (tree) => {
        const { publisher } = tree['roles'];
        tree['roles'] = {
          publisher,
          elsewhere: { ...publisher, sources: ['192.0.2.0/24'] },
          mqtt: { ...publisher, connectionTypes: ['MQTT'] },
        };
        tree['bindings'][0].roles = ['publisher', 'elsewhere', 'mqtt'];
      },
    });
    const token = await world.token({ sub: 'orders' });
    await expect(world.connectBy(`role:elsewhere:${token}`)).rejects.toThrow(REFUSED);
    await expect(world.connectBy(`role:mqtt:${token}`)).rejects.toThrow(REFUSED);
    expect(world.audit({ type: 'denied' })).toMatchObject([
      { reason: 'source_not_allowed' },
      { reason: 'connection_type_not_allowed' },
    ]);
  });

  test('the server lets no client of the account publish a request', async () => {
    const world = await startConfiguredCallout();
    const intruder = await connect({
      servers: world.server.url,
      user: 'intruder',
      pass: 'intruder',
    });
    onTestFinished(() => intruder.close());
    const asked = intruder.request('$SYS.REQ.USER.AUTH', requestJwt(Math.floor(Date.now() / 1000)));
    await expect(asked).rejects.toThrow('Permissions Violation');
  });

  test('a stop answers what was taken', async () => {
    const world = await startConfiguredCallout();
    const token = await world.token({ sub: 'orders' });
    const connecting = Array.from({ length: 50 }, () => world.connectBy(token));
    await eventually(() => world.audit({ type: 'issued' }).length > 0);
    await world.service.drain();
    const outcomes = await Promise.allSettled(
      connecting.map((one) => one.then((client) => client.close())),
    );
    // Those that came after the stop find nobody; one that was taken is in the record, and connected.
    const connected = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(world.audit({ type: 'issued' })).toHaveLength(connected);
  });
});
