import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ringKey, ringText } from '../../src/keyring/ring.ts';
import { revocationKey, revocationText } from '../../src/revocation/revocation.ts';
import { type Resources, openResources } from '../../src/service/resources.ts';
import { buildGeneration } from '../../src/service/generation.ts';
import { issued } from '../audit/events.ts';
import { ringOf, sealedKey } from '../keyring/stored-rings.ts';
import { policyOf } from '../policy/support.ts';
import { revocation } from '../revocation/support.ts';
import { type CapturedLog, captureLog } from '../support/captured-log.ts';
import { eventually } from '../support/eventually.ts';
import { prepareService, type ServiceGround } from '../support/service-world.ts';

/** What one configuration leaves behind for the next; all real, but nobody asks over HTTP. */

let ground: ServiceGround;
let config: Config;
let log: CapturedLog;
let resources: Resources;

beforeEach(async () => {
  ground = await prepareService({ nats: false });
  config = loadConfig(ground.configFile, { env: {} });
  log = captureLog();
  resources = await openResources(config, { clock: systemClock, log: log.log });
});
afterEach(async () => {
  await resources.close();
  await ground[Symbol.asyncDispose]();
});

/** The configuration with other roles, bindings or lifetimes. */
function changed(change: { maxTtlSeconds?: number; rename?: string }): Config {
  const { rename, maxTtlSeconds } = change;
  const [role] = config.roles;
  const [binding] = config.bindings;
  if (!role || !binding) throw new Error('the configuration has no role');
  const roles = [{ ...role, ...(maxTtlSeconds !== undefined && { maxTtlSeconds }) }];
  const bindings = [{ ...binding, ...(rename !== undefined && { name: rename }) }];
  return { ...config, roles, bindings, policy: policyOf(roles, bindings) };
}

describe('the ledger looks back', () => {
  const hour = 3600;

  async function found(ageSeconds: number): Promise<boolean> {
    const time = Date.now() - ageSeconds * 1000;
    const event = issued({ time, expiresAt: Math.floor(Date.now() / 1000) + hour });
    await resources.audit.record(event);
    for await (const _ of resources.ledger.alive({})) return true;
    return false;
  }

  test('as far as the lifetime of a role that a reload added, also after it is gone', async () => {
    expect(await found(2 * hour)).toBe(false);
    buildGeneration(resources, changed({ maxTtlSeconds: 8 * hour }));
    expect(await found(2 * hour)).toBe(true);
    buildGeneration(resources, config);
    expect(await found(2 * hour)).toBe(true);
  });

  test('as far as any key signed that is still trusted, also of an account that is not configured', async () => {
    const { key } = await sealedKey({ state: 'draining', lifetimeSeconds: 8 * hour });
    const ring = { ...ringOf({ ...key, sealedSeed: '' }), account: 'LEFT' };
    await resources.state.write(ringKey('LEFT'), ringText(ring), 0);
    await eventually(() => resources.rings.ring('LEFT'));
    expect(await found(2 * hour)).toBe(true);
  });
});

test('names that only revocations have are logged once each, and configured names are not', async () => {
  const targets = [
    { binding: 'orders service' },
    { binding: 'orders service' },
    { role: 'publisher' },
    { role: 'publishers' },
    { issuer: 'dev', subject: 'x' },
    { issuer: 'old', subject: 'x' },
    { nkey: 'UA' },
  ];
  for (const [n, target] of targets.entries()) {
    const one = revocation({ id: `00000000000${n}`, target, block: true });
    await resources.state.write(revocationKey(one.id), revocationText(one), 0);
  }
  await eventually(() => resources.revocations.index.byId.size === targets.length);
  const told = () =>
    log.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => String(msg).startsWith('revocations use a name'))
      .map(({ role, issuer, binding, revocations }) => ({ role, issuer, binding, revocations }));
  buildGeneration(resources, config);
  const gone = [
    { role: 'publishers', revocations: 1 },
    { issuer: 'old', revocations: 1 },
  ];
  expect(told()).toEqual(gone);
  buildGeneration(resources, changed({ rename: 'orders services' }));
  expect(told()).toEqual([...gone, { binding: 'orders service', revocations: 2 }, ...gone]);
});

describe('given keys that do not rotate', () => {
  const minutes = 60_000;

  /** Whether they sign when the store was last heard of so long ago. */
  function sign(of: Config, milliseconds: number): boolean {
    const freshAt = Date.now() - milliseconds;
    const rings = { ...resources.rings, freshAt: () => freshAt };
    const { parts } = buildGeneration({ ...resources, rings }, of);
    return parts.keyRing.active('APP', 'publisher', 60) !== undefined;
  }

  test('stop signing after the grace period if JetStream, which brings revocations, cannot be reached', () => {
    const shared: Config = {
      ...config,
      store: { ...config.store, jetstream: { bucket: 'b', servers: [], replicas: 1 } },
    };
    expect(sign(shared, 4 * minutes)).toBe(true);
    expect(sign(shared, 6 * minutes)).toBe(false);
  });

  test('keep signing with a SQLite file, which cannot be cut off', () => {
    expect(sign(config, 6 * minutes)).toBe(true);
  });
});
