import { expect, test } from 'vitest';
import { startConfiguredCallout } from '../support/callout-world.ts';
import { eventually } from '../support/eventually.ts';
import { startServiceProcess } from '../support/service-process.ts';

test('of a thousand clients that connect while one of two replicas is killed, all get in, some at their second try', async () => {
  const world = await startConfiguredCallout({ timeoutSeconds: 2 });
  await using replica = await startServiceProcess(world);
  await replica.logged('answering auth callouts');
  const token = await world.token({ sub: 'orders' });
  const connectOnce = (): Promise<boolean> =>
    world.connectBy(token).then(
      () => true,
      () => false,
    );
  const clients = Promise.all(Array.from({ length: 1000 }, async () => eventually(connectOnce)));
  await eventually(() => world.audit({ type: 'issued' }).length >= 300);
  replica.signal('SIGKILL');
  await clients;
  // Nobody was refused for a reason: those that tried again had no answer, or found the replica too busy.
  expect(world.audit({ type: 'denied' })).toEqual([]);
  const issued = world.audit({ type: 'issued' });
  expect(issued.length).toBeGreaterThanOrEqual(1000);
});
