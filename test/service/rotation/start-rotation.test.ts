import { expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Config } from '../../../src/config/config.ts';
import { createSealer } from '../../../src/keyring/sealing.ts';
import { RING_PREFIX } from '../../../src/keyring/ring.ts';
import { REVOCATION_PREFIX, revocationKey } from '../../../src/revocation/revocation.ts';
import { leaderOf } from '../../../src/rotator/lease.ts';
import type { Resources } from '../../../src/service/resources.ts';
import type { RingedAccount } from '../../../src/service/signing/ringed-accounts.ts';
import type { RotationMetrics } from '../../../src/service/metrics/rotator-metrics.ts';
import {
  type RotationOptions,
  startRotation,
} from '../../../src/service/rotation/start-rotation.ts';
import type { SharedState } from '../../../src/store/shared-state.ts';
import { accountKey } from '../../account/rings.ts';
import { memoryState } from '../../revocation/memory-state.ts';
import { captureLog } from '../../support/captured-log.ts';
import { eventually } from '../../support/eventually.ts';

const SILENT: RotationMetrics = {
  leads: () => {},
  succeeded: () => {},
  problems: () => {},
  confirmed: () => {},
  drifted: () => {},
  jwtBytes: () => {},
  planned: () => {},
};

/** One account whose keys are given, none of which is there. */
const account = {
  name: 'LAB',
  publicKey: accountKey.publicKey,
  kind: 'external',
  wanted: { slots: [], graceMilliseconds: 0, stagedMilliseconds: 0, given: [] },
  given: new Map(),
} as unknown as RingedAccount;

function optionsOf(state: SharedState): RotationOptions {
  const resources: Partial<Resources> = {
    state,
    clock: systemClock,
    log: captureLog().log,
    sealer: createSealer([]),
  };
  return {
    resources: resources as Resources,
    config: { nats: { servers: [] }, rotator: { leaseSeconds: 3600 } } as unknown as Config,
    accounts: () => [account],
    metrics: () => SILENT,
  };
}

test.each([RING_PREFIX, REVOCATION_PREFIX])(
  'if the store cannot be watched under %s, no rotator is left running',
  async (failing) => {
    const state = memoryState();
    const leads = () => leaderOf(state, 'external');
    const watch: SharedState['watch'] = async (prefix, listener) => {
      if (prefix !== failing) return state.watch(prefix, listener);
      await eventually(leads);
      throw new Error('the store went away');
    };
    await expect(startRotation(optionsOf({ ...state, watch }))).rejects.toThrow('went away');
    expect(await leads()).toBeUndefined();
  },
);

test('credentials are searched again shortly after a revocation: an exchange may have been in progress', async () => {
  // Time passes only where it is let: nothing else makes it look.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const state = memoryState();
  let looks = 0;
  const metrics = () => ({ ...SILENT, succeeded: () => void (looks += 1) });
  const rotation = await startRotation({ ...optionsOf(state), metrics });
  await eventually(() => looks > 0);
  const before = looks;
  await state.write(revocationKey('r1'), '{}', 0);
  await eventually(() => looks > before);
  for (const later of [300, 700]) {
    const last = looks;
    vi.advanceTimersByTime(later);
    expect(await eventually(() => looks > last)).toBe(true);
  }
  await rotation.close();
  vi.useRealTimers();
});
