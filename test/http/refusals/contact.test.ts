import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServiceWorld, type ServiceWorld } from '../../support/service-world.ts';

let world: ServiceWorld;

beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.contact = 'platform@example.com';
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

async function contactIn(response: Response): Promise<unknown> {
  return ((await response.json()) as { contact?: string }).contact;
}

test('a denial says whom to ask', async () => {
  const stranger = await world.token({ sub: 'nobody' });
  const response = await world.exchange(stranger);
  expect(response.status).toBe(403);
  expect(await contactIn(response)).toBe('platform@example.com');
});

test('an unauthenticated caller is not told whom to ask', async () => {
  const response = await world.exchange('not.a.token');
  expect(response.status).toBe(401);
  expect(await contactIn(response)).toBeUndefined();
});
