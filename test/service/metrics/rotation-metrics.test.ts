import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Ring } from '../../../src/keyring/ring.ts';
import { indexRevocations } from '../../../src/revocation/revocation-index.ts';
import type { RotatedAccount } from '../../../src/rotator/rotated-account.ts';
import { rotationMetrics } from '../../../src/service/metrics/rotation-metrics.ts';

const PLAN = {
  revoked: {},
  revokeKeys: [],
  bytes: 1024,
  budgetBytes: 2048,
  nearBudget: false,
};
const OF_THE_LEADER = [
  'nats_sts_rotator_last_success_timestamp_seconds',
  'nats_sts_rotator_problems',
  'nats_sts_account_jwt_bytes',
  'nats_sts_revoked_users_budget_ratio',
];

function account(name: string, kind: Ring['kind']): RotatedAccount {
  const wanted = { slots: [], graceMilliseconds: 0, stagedMilliseconds: 0 };
  return { name, publicKey: `A${name}`, kind, wanted };
}

function world(accounts: RotatedAccount[]) {
  const registry = new Registry();
  const of = rotationMetrics(registry, {
    clock: systemClock,
    accounts: () => accounts,
    ring: () => undefined,
    storeFreshAt: () => 0,
    revocations: { index: indexRevocations(), made: { identity: 2, nkey: 0, role: 1, binding: 0 } },
  });
  const tellAll = (kind: Ring['kind'], name: string) => {
    of(kind).succeeded(name);
    of(kind).problems(name, true);
    of(kind).jwtBytes(name, 1000);
    of(kind).planned(name, PLAN);
  };
  /** Metrics of the leader that have a value, each with its account. */
  const shown = async () => {
    const metrics = await registry.getMetricsAsJSON();
    return metrics
      .filter(({ name }) => OF_THE_LEADER.includes(name))
      .flatMap(({ name, values }) => values.map(({ labels }) => `${name} ${labels['account']}`));
  };
  const all = (name: string) => OF_THE_LEADER.map((metric) => `${metric} ${name}`);
  return { accounts, registry, of, tellAll, shown, all };
}

test('figures of the leader disappear with the account, and when another process leads', async () => {
  const accounts = [account('APP', 'managed'), account('LAB', 'external')];
  const { of, tellAll, shown, all } = world(accounts);
  for (const kind of ['managed', 'external'] as const) of(kind).leads(true);
  tellAll('managed', 'APP');
  tellAll('external', 'LAB');
  expect((await shown()).toSorted()).toEqual([...all('APP'), ...all('LAB')].toSorted());

  accounts.pop();
  expect((await shown()).toSorted()).toEqual(all('APP').toSorted());
  accounts.push(account('LAB', 'external'));
  of('managed').leads(false);
  expect((await shown()).toSorted()).toEqual(all('LAB').toSorted());

  // A pass during which the lease was lost ends late.
  tellAll('managed', 'APP');
  of('managed').leads(true);
  expect((await shown()).toSorted()).toEqual(all('LAB').toSorted());
});

test('the leader metric covers each kind of account in the configuration', async () => {
  const { accounts, of, registry } = world([account('APP', 'managed'), account('LAB', 'external')]);
  const leader = async () => {
    const metric = await registry.getSingleMetric('nats_sts_rotator_leader')?.get();
    return metric?.values.map(({ labels, value }) => [labels['kind'], value]);
  };
  expect(await leader()).toEqual([]);
  of('managed').leads(false);
  of('external').leads(true);
  expect(await leader()).toEqual([
    ['managed', 0],
    ['external', 1],
  ]);
  accounts.pop();
  expect(await leader()).toEqual([['managed', 0]]);
});

test('revocations are counted by kind, including kinds that never occurred', async () => {
  const { registry } = world([]);
  const metric = await registry.getSingleMetric('nats_sts_revocations_total')?.get();
  expect(metric?.values.map(({ labels, value }) => [labels['kind'], value])).toEqual([
    ['identity', 2],
    ['nkey', 0],
    ['role', 1],
    ['binding', 0],
  ]);
});
