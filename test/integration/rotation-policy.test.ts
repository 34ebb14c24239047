import { expect, test } from 'vitest';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { eventually } from '../support/eventually.ts';
import { firstError, heard, publishTo } from '../support/nats-traffic.ts';
import { startLoad } from '../support/rotation-load.ts';
import { type RotationWorld, startRotationWorld } from '../support/rotation-world.ts';
import type { CredentialAnswer } from '../support/service-world.ts';

const OWN = 'orders.{{subject}}.>';

/** Keys change for no other reason than the policy here. */
function startWorld(onChange: 'drain' | 'cut', allow: readonly string[]): Promise<RotationWorld> {
  return startRotationWorld({
    configure: (tree) => {
      tree['accounts'].APP.rotation = { every: '1h', grace: '10s', onChange };
      tree['roles'].publisher.publish = { allow };
    },
  });
}

function signer({ jwt }: CredentialAnswer): string {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims.iss;
}

async function credential(world: RotationWorld): Promise<CredentialAnswer> {
  return world.credential(await world.token(), { ttl: 600 });
}

/** Gives the role other subjects to publish to, and waits until its credentials are of another key. */
async function changePolicy(
  world: RotationWorld,
  old: CredentialAnswer,
  allow: readonly string[],
): Promise<CredentialAnswer> {
  await world.configure((tree) => (tree['roles'].publisher.publish = { allow }));
  expect(world.service.reload()).toBe(true);
  return eventually(async () => {
    const next = await credential(world);
    return signer(next) !== signer(old) && next;
  });
}

test('a credential from before a change of its role keeps its permissions until it expires; no exchange fails', async () => {
  await using world = await startWorld('drain', [OWN]);
  const old = await credential(world);
  const load = startLoad(world, { holdSeconds: 4 });
  const node = world.cluster.node(0);
  const held = await world.connect(old.creds, { node });
  const next = await changePolicy(world, old, [OWN, 'news.>']);

  const observer = await world.connect(world.trust.user().creds, { node });
  const renewed = await world.connect(next.creds, { node });
  const returned = await world.connect(old.creds, { node });
  const errors = [firstError(held), firstError(returned)];
  const subjects = await heard(observer, async () => {
    await publishTo(renewed, ['news.new']);
    for (const connection of [held, returned]) {
      await publishTo(connection, ['news.old', 'orders.orders.old']);
    }
    for (const error of errors) expect(String(await error)).toContain('news.old');
  });
  expect(subjects.filter((subject) => subject === 'orders.orders.old')).toHaveLength(2);
  expect(subjects).toContain('news.new');
  expect(subjects).not.toContain('news.old');
  expect([held.isClosed(), returned.isClosed()]).toEqual([false, false]);
  expect((await load.stop()).faults).toEqual([]);
  const reasons = world.activations().map(({ reason }) => reason);
  expect(reasons).toEqual(['first', 'policy-changed']);
});

test('with onChange: cut, nobody keeps a permission that the role has lost; no exchange fails', async () => {
  await using world = await startWorld('cut', [OWN, 'news.>']);
  const old = await credential(world);
  const load = startLoad(world, { holdSeconds: 4 });
  const held = await Promise.all(
    world.cluster.nodes.map((node) => world.connect(old.creds, { node })),
  );
  const next = await changePolicy(world, old, [OWN]);

  await Promise.all(held.map((connection) => connection.closed()));
  await expect(world.connect(old.creds)).rejects.toThrow('Authorization Violation');
  for (const node of world.cluster.nodes) await world.connect(next.creds, { node });
  // The load's own clients are disconnected, too; asking again always helps.
  const { faults } = await load.stop();
  expect(faults.filter(({ kind }) => kind === 'exchange')).toEqual([]);
});
