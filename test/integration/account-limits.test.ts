import { expect, test } from 'vitest';
import type { AccountBody } from '../support/account-body.ts';
import { eventually } from '../support/eventually.ts';
import { prepareRotation, startRotating } from '../support/rotation-world.ts';

const DRIFT = 'nats_sts_account_drift_mended_total{account="APP"}';
const LOOKED = 'nats_sts_rotator_last_success_timestamp_seconds{account="APP"}';

test('configured limits of a managed account are kept, others stay as set elsewhere, and unchanged limits push nothing', async () => {
  await using ground = await prepareRotation({
    configure: (tree) => {
      tree['accounts'].APP.rotation.every = '1h';
      tree['accounts'].APP.limits = { conn: 100, payload: '64KiB' };
      tree['accounts'].APP.jetstream = { disk: '1GiB', streams: 5 };
    },
  });
  // A server loads an account when its first client comes.
  const { creds } = ground.trust.user();
  for (const node of ground.cluster.nodes) await (await ground.connect(creds, { node })).close();
  await using world = await startRotating(ground);

  const claims = () =>
    eventually(async () => {
      const applied = [...(await ground.applied()).values()];
      const [first] = applied;
      const alike = applied.every((claims) => claims && claims.iat === first?.iat);
      return applied.length === 3 && alike && first;
    });
  const holds = (limits: object) =>
    eventually(async () => {
      const found = (await claims()).nats['limits'] as object;
      return Object.entries(limits).every(([name, value]) => found[name as never] === value);
    });
  const wanted = { conn: 100, payload: 65_536, disk_storage: 1024 ** 3, streams: 5 };
  await holds({ ...wanted, leaf: -1, subs: -1 });
  await ground.activated(1);

  /** Resolves once two whole looks have ended that began after this call. */
  const settled = async () => {
    for (const _look of [1, 2]) {
      const later = Date.now() / 1000 + 2;
      await eventually(async () => ((await world.metric(LOOKED)) ?? 0) > later);
    }
  };
  const pushes = () => world.log.lines.filter((line) => line.includes('account JWT pushed')).length;
  await settled();
  const before = pushes();
  await settled();
  expect(pushes()).toBe(before);

  // Somebody else's push: what is configured is put back, what is not stays.
  const { name, key, body } = ground.trust.account('APP');
  const { iat, nats } = await claims();
  const theirs = { ...body.limits, conn: 7, leaf: 3, streams: 50, consumer: 9 };
  const changed = { ...body, signing_keys: nats.signing_keys, limits: theirs } as AccountBody;
  await ground.push(ground.trust.signAccount({ name, key, body: changed, iat: iat + 1 }));
  await holds({ ...wanted, leaf: 3, consumer: 9 });
  await eventually(async () => (await world.metric(DRIFT)) === 1);
  await settled();
  expect(await world.metric(DRIFT)).toBe(1);

  await ground.configure((tree) => {
    delete tree['accounts'].APP.jetstream;
    tree['accounts'].APP.limits = { conn: 200, exports: 0 };
  });
  expect(world.service.reload()).toBe(true);
  await holds({ ...wanted, conn: 200, exports: 0, leaf: 3 });
});
