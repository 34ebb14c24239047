import { expect, test } from 'vitest';
import { described, startLoad } from '../support/rotation-load.ts';
import { prepareRotation, startRotating } from '../support/rotation-world.ts';

const ROTATIONS = 20;

test('twenty rotations under steady load refuse nobody and cut nobody', async () => {
  await using ground = await prepareRotation();
  // Whoever is not the first to lead must keep every key staged for two lease terms.
  {
    await using first = await startRotating(ground);
    await ground.activated(1);
    expect(first.log.text()).toContain('this process rotates the signing keys');
  }
  await using running = await startRotating(ground);
  const load = startLoad({ ...ground, ...running });
  await ground.activated(1 + ROTATIONS);
  const report = await load.stop();

  const counts = described(report);
  expect({ counts, faults: report.faults }).toEqual({ counts, faults: [] });
  expect(report.messages).toBeGreaterThan(ROTATIONS * 10);
  expect(report.heldToTheEnd).toBeGreaterThanOrEqual(9);
  const signers = ground
    .audit({ type: 'issued' })
    .map((event) => event.type === 'issued' && event.signingKey);
  expect(new Set(signers).size).toBeGreaterThanOrEqual(ROTATIONS);
}, 150_000);
