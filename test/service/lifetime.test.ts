import { expect, test } from 'vitest';
import { startServiceWorld } from '../support/service-world.ts';

test('capToTokenExpiry: the credential ends with the token, on the running service', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.issuers.dev.capToTokenExpiry = true;
    },
  });
  const exp = Math.floor(Date.now() / 1000) + 120;
  const credential = await world.credential(await world.token({ exp }));
  expect(credential.expires_at).toBe(exp);
});

test('without it, the role decides', async () => {
  await using world = await startServiceWorld({ nats: false });
  const exp = Math.floor(Date.now() / 1000) + 120;
  const credential = await world.credential(await world.token({ exp }));
  expect(credential.expires_at).toBeGreaterThan(exp);
});
