import { expect, test } from 'vitest';
import { described, startLoad } from '../support/rotation-load.ts';
import { prepareRotation, type RotationGround, startRotating } from '../support/rotation-world.ts';

const ROTATIONS = 20;

test('twenty rotations under steady load refuse nobody and disconnect nobody', async () => {
  await using ground = await prepareRotation();
  // Whoever is not the first to lead must keep every key staged for two lease terms.
  {
    await using first = await startRotating(ground);
    await ground.activated(1);
    expect(first.log.text()).toContain('this process rotates the signing keys');
  }
  await using running = await startRotating(ground);
  const load = startLoad({ ...ground, ...running });
  // On a slow machine, some key may be replaced before anybody gets a credential of it.
  for (let rotations = ROTATIONS; signers(ground) < ROTATIONS; rotations += 1) {
    await ground.activated(1 + rotations);
  }
  await load.until(({ messages, heldToTheEnd }) => messages > 200 && heldToTheEnd >= 9);
  const report = await load.stop();

  const counts = described(report);
  expect({ counts, faults: report.faults }).toEqual({ counts, faults: [] });
});

/** How many keys have signed a credential. */
function signers(ground: RotationGround): number {
  const events = ground.audit({ type: 'issued' });
  return new Set(events.map((event) => event.type === 'issued' && event.signingKey)).size;
}
