import { errors } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { requestRotation } from '../../src/keyring/changes.ts';
import { eventually } from '../support/eventually.ts';
import type { ClusterNode } from '../support/nats-cluster.ts';
import { described, startLoad } from '../support/rotation-load.ts';
import {
  apartFromRotator,
  type RotationWorld,
  startRotationWorld,
} from '../support/rotation-world.ts';

/** Keys rotate when the test says so: how many rotations a server misses must not depend on how long it takes to start. */
async function startOnDemand(): Promise<RotationWorld> {
  const world = await startRotationWorld({
    configure: (tree) => {
      tree['accounts'].APP.rotation.every = '1h';
    },
  });
  // A server loads an account when its first client comes.
  const { creds } = world.trust.user();
  for (const node of world.cluster.nodes) await (await world.connect(creds, { node })).close();
  return world;
}

function request(world: RotationWorld): Promise<void> {
  return world.changeRing((ring) => requestRotation(ring, ['publisher'], Date.now()));
}

/** So many rotations, one after the other; after each, every server that runs lists the key after the active one. */
async function rotate(world: RotationWorld, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    const before = world.activations().length;
    await request(world);
    await world.activated(before + 1);
    await world.listed();
  }
}

function retired(world: RotationWorld): number {
  return world
    .audit({ type: 'key' })
    .filter((event) => event.type === 'key' && event.to === 'retired').length;
}

test('servers that die, come back with nothing or with yesterday’s JWT, or hang, do not affect users of the others', async () => {
  await using world = await startOnDemand();
  const [first, second] = world.cluster.nodes as [ClusterNode, ClusterNode];
  const load = startLoad(world);
  await rotate(world, 1);

  const firstIsBack = load.away(first);
  await first.stop('SIGKILL');
  await rotate(world, 2);
  await first.restart({ directory: 'empty' });
  await world.listed();
  firstIsBack();
  await rotate(world, 2);

  const old = await second.copyJwts();
  await rotate(world, 1);
  const secondIsBack = load.away(second);
  await second.restart({ directory: { copyOf: old } });
  await world.listed();
  secondIsBack();
  await rotate(world, 2);

  const third = apartFromRotator(world);
  const thirdIsBack = load.away(third);
  await third.pause();
  const [activeBefore, retiredBefore] = [world.activations().length, retired(world)];
  await request(world);
  // Keys that have drained are taken out; no key that this server cannot confirm begins to sign.
  await eventually(() => retired(world) > retiredBefore);
  expect(world.activations().length).toBe(activeBefore);
  third.resume();
  await world.activated(activeBefore + 1);
  await world.listed();
  thirdIsBack();
  await rotate(world, 2);

  await load.until(({ messages, heldToTheEnd }) => messages > 50 && heldToTheEnd > 3);
  const report = await load.stop();
  const counts = described(report);
  // With nothing at all, a server refuses until the others have sent it the account JWT.
  const refusals = report.excused.filter(
    ({ kind, node }) => kind === 'refused' && node !== first.name,
  );
  expect({ counts, faults: report.faults, refusals }).toEqual({ counts, faults: [], refusals: [] });
});

test('a server that comes back with an account JWT from several rotations ago soon accepts new credentials', async () => {
  await using world = await startOnDemand();
  const node = apartFromRotator(world);
  await rotate(world, 1);
  await node.stop('SIGKILL');
  await rotate(world, 3);
  const { creds } = await world.credential(await world.token());
  await node.restart();
  // Until it gets the newest account JWT it knows no better: overlapping keys can give no more.
  const taken = await eventually(async () => {
    try {
      const connection = await world.connect(creds, { node });
      await connection.close();
      return true;
    } catch (error) {
      if (!(error instanceof errors.AuthorizationError)) throw error;
      return false;
    }
  });
  expect(taken).toBe(true);
});
