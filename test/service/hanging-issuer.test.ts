import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createTestKey, startIssuer } from '../support/issuer.ts';
import { startServiceWorld } from '../support/service-world.ts';

test('an issuer that hangs takes no capacity from callers of another, and only a few may wait for it', async () => {
  await using hanging = await startIssuer();
  hanging.behave('jwks', 'hang');
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.limits = { concurrency: 20 };
      tree.issuers.hanging = {
        issuer: hanging.issuer,
        audience: 'nats-sts',
        allowInsecureHttp: true,
      };
    },
  });
  const good = await world.token();
  await world.credential(good);
  const now = Math.floor(Date.now() / 1000);
  // Nobody signed it: anyone who knows the issuer's name can send it.
  const [head, payload] = (await hanging.token({ iat: now, exp: now + 300 })).split('.');
  const forged = (n: number) => `${head}.${payload}.${Buffer.from(`${n}`).toString('base64url')}`;
  const answers: Response[] = [];
  const asked = Array.from({ length: 28 }, async (_, n) => {
    answers.push(await world.exchange(forged(n)));
  });
  // Ten wait; all others know at once.
  await eventually(() => answers.length >= 18);
  const refused = await Promise.all(
    answers.map(async (answer) => ({
      status: answer.status,
      retryAfter: Number(answer.headers.get('retry-after')),
      reason: ((await answer.json()) as { reason: string }).reason,
    })),
  );
  for (const { status, reason, retryAfter } of refused) {
    expect({ status, reason }).toEqual({ status: 503, reason: 'issuer_unavailable' });
    expect(retryAfter).toBeGreaterThan(0);
  }
  for (let round = 0; round < 5; round += 1) {
    const statuses = await Promise.all(
      Array.from({ length: 15 }, async () => (await world.exchange(good)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  }

  // When it is back, its tokens are accepted.
  hanging.publish(await createTestKey());
  hanging.behave('jwks', 'normal');
  hanging.hangUp();
  await Promise.all(asked);
  expect(answers).toHaveLength(28);
  const token = await hanging.token({ iat: now, exp: now + 300 });
  await eventually(async () => (await world.exchange(token)).status === 403);
});

test('callers that wait for keys take no capacity from callers whose keys are available', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => (tree.limits = { concurrency: 1 }),
  });
  const token = await world.token();
  await world.credential(token);
  world.issuer.publish(world.issuer.key, await createTestKey());
  const asked = world.issuer.requests.length;
  const resume = world.issuer.pause();
  const next = await world.token();
  const waiting = Array.from({ length: 5 }, () => world.exchange(next));
  await eventually(() => world.issuer.requests.length > asked);
  expect((await world.exchange(token)).status).toBe(200);
  resume();
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
});
