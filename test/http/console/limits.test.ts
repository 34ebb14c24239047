import { afterAll, beforeAll, expect, test } from 'vitest';
import { BEN, type ConsoleWorld, OLGA, startConsoleWorld } from './console-world.ts';

const MAX = 5;

let world: ConsoleWorld;
beforeAll(async () => {
  world = await startConsoleWorld((tree) => {
    tree.rateLimit = { perIdentity: { max: MAX, every: '1h' }, perAddress: { max: 10_000 } };
  });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Asks `count` times on behalf of one person; how often each status was the answer. */
async function ask(person: string, path: string, { count = 4 * MAX, method = 'GET' } = {}) {
  const { browser } = await world.visit(person, '/device');
  const cookie = browser.cookies.headerFor(new URL(world.url));
  const statuses: Record<number, number> = {};
  let last: Response | undefined;
  for (let n = 0; n < count; n += 1) {
    last = await fetch(world.url + path, {
      method,
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    });
    statuses[last.status] = (statuses[last.status] ?? 0) + 1;
    await last.body?.cancel();
  }
  return { statuses, last: last! };
}

const deniedTo = (subject: string) => world.audit({ type: 'denied', subject }).length;

test('a person who is not an administrator is refused and recorded only up to the limit, at every page and form', async () => {
  const before = deniedTo(BEN.id);
  const { statuses, last } = await ask(BEN.name, '/console');
  expect(statuses).toEqual({ 403: MAX, 429: 3 * MAX });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  for (const path of ['/console/activity', '/console/events']) {
    expect((await ask(BEN.name, path)).statuses).toEqual({ 429: 4 * MAX });
  }
  const forms = await ask(BEN.name, '/console/rotate', { method: 'POST' });
  expect(forms.statuses).toEqual({ 429: 4 * MAX });
  expect(deniedTo(BEN.id) - before).toBe(MAX);
});

test('an administrator reads pages without a limit, but actions count', async () => {
  expect((await ask(OLGA.name, '/console')).statuses).toEqual({ 200: 4 * MAX });
  const { statuses } = await ask(OLGA.name, '/console/rotate', { method: 'POST' });
  expect(statuses[429]).toBe(3 * MAX);
  expect(world.audit({ reason: 'too_many_requests', subject: OLGA.id })).toEqual([]);
});
