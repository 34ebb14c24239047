import { expect, test } from 'vitest';
import { startConfiguredCallout } from '../support/callout-world.ts';
import { mqttConnect } from '../support/mqtt-connect.ts';

test('an MQTT device connects with its token as the password, and conditions see that it is one', async () => {
  const world = await startConfiguredCallout({
    more: 'mqtt { host: "127.0.0.1", port: -1 }',
    configure: (tree) => {
      tree['roles'].publisher.connectionTypes = ['MQTT'];
      tree['bindings'][0].when = 'client.type == "mqtt" && client.mqttId == "meter-7"';
    },
  });
  const line = await world.server.logged('Listening for MQTT clients on');
  const port = Number(/:(\d+)$/.exec(line)?.[1]);
  const password = await world.token({ sub: 'orders' });
  const login = { clientId: 'meter-7', user: 'publisher', password };
  expect(await mqttConnect(port, login)).toBe(0);
  expect(await mqttConnect(port, { ...login, clientId: 'meter-8' })).toBe(5);
  expect(world.audit({ type: 'issued' })).toMatchObject([
    { client: { type: 'mqtt', mqttId: 'meter-7' } },
  ]);
  expect(world.audit({ type: 'denied' })).toMatchObject([
    { reason: 'no_binding', failed: [{ on: 'when', note: 'the expression is false' }] },
  ]);
});
