import { errors } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { ClusterNode } from '../support/nats-cluster.ts';
import { described, startLoad } from '../support/rotation-load.ts';
import {
  apartFromRotator,
  type RotationWorld,
  startRotationWorld,
} from '../support/rotation-world.ts';

/** Resolves after so many more rotations. */
function rotations(world: RotationWorld, more: number): Promise<void> {
  return world.activated(world.activations().length + more);
}

function pushes({ log }: RotationWorld): number {
  return log.lines.filter((line) => line.includes('account JWT pushed')).length;
}

test('servers that die, come back with nothing or with yesterday’s JWT, or hang, cost nobody on the others', async () => {
  await using world = await startRotationWorld();
  const [first, second] = world.cluster.nodes as [ClusterNode, ClusterNode];
  const load = startLoad(world);
  await rotations(world, 1);

  const firstIsBack = load.away(first);
  await first.stop('SIGKILL');
  await rotations(world, 2);
  await first.restart({ directory: 'empty' });
  firstIsBack();
  await rotations(world, 2);

  const old = await second.copyJwts();
  await rotations(world, 1);
  const secondIsBack = load.away(second);
  await second.restart({ directory: { copyOf: old } });
  secondIsBack();
  await rotations(world, 2);

  const third = apartFromRotator(world);
  const thirdIsBack = load.away(third);
  const [activeBefore, pushedBefore] = [world.activations().length, pushes(world)];
  third.pause();
  await eventually(() => pushes(world) >= pushedBefore + 2);
  // Keys that have drained are taken out; no key that this server can't confirm begins to sign.
  expect(world.activations().length - activeBefore).toBeLessThanOrEqual(1);
  third.resume();
  thirdIsBack();
  await rotations(world, 2);

  const report = await load.stop();
  const counts = described(report);
  const refusals = report.excused.filter(({ kind }) => kind === 'refused' || kind === 'exchange');
  expect({ counts, faults: report.faults, refusals }).toEqual({ counts, faults: [], refusals: [] });
  expect(report.heldToTheEnd).toBeGreaterThan(3);
}, 150_000);

test('a server that comes back with an account JWT from several rotations ago takes new credentials within seconds', async () => {
  await using world = await startRotationWorld();
  const node = apartFromRotator(world);
  await rotations(world, 1);
  await node.stop('SIGKILL');
  await rotations(world, 3);
  const { creds } = await world.credential(await world.token());
  await node.restart();
  const since = performance.now();
  // It knows no better until it is told: this is the limit of what overlapping keys can give.
  await eventually(async () => {
    try {
      const connection = await world.connect(creds, { node });
      await connection.close();
      return true;
    } catch (error) {
      if (!(error instanceof errors.AuthorizationError)) throw error;
      return false;
    }
  });
  expect(performance.now() - since).toBeLessThan(3000);
}, 120_000);
