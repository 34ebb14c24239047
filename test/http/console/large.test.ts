import { afterAll, beforeAll, expect, test } from 'vitest';
import { issued } from '../../audit/events.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import type { Browser, Page } from '../../support/people.ts';
import { type ConsoleWorld, OLGA, startConsoleWorld } from './console-world.ts';

const ROWS = 10_000;
/** A page of a hundred rows; the same with a million. */
const MOST_BYTES = 150_000;

let world: ConsoleWorld;
let browser: Browser;
beforeAll(async () => {
  world = await startConsoleWorld();
  const { issuer } = await world.credential(await world.token({ sub: 'first' }));
  const user = createKeyPair('user').publicKey;
  const now = Date.now();
  world.append(
    Array.from({ length: ROWS }, (_, n) =>
      issued({
        time: now - ROWS + n,
        identity: {
          issuerName: 'dev',
          issuer: world.issuer.issuer,
          subject: `person-${n}`,
          tokenHash: 'a'.repeat(64),
        },
        role: 'publisher',
        binding: 'orders service',
        user:
          user.slice(0, -5) +
          String(n)
            .padStart(5, '0')
            .replaceAll('0', 'A')
            .replaceAll('1', 'B')
            .replaceAll('8', 'C')
            .replaceAll('9', 'D'),
        signingKey: issuer,
        expiresAt: Math.floor(now / 1000) + 900,
      }),
    ),
  );
  ({ browser } = await world.visit(OLGA.name));
});
afterAll(() => world[Symbol.asyncDispose]());

const rowsOf = ({ body }: Page): number => body.match(/<tr><td/g)?.length ?? 0;
const open = (path: string) => browser.open(world.url + path);

test('every page is short, and shows the total', async () => {
  for (const path of ['/console', '/console/activity', '/console/credentials']) {
    const page = await open(path);
    expect(page.status).toBe(200);
    expect(rowsOf(page)).toBeLessThanOrEqual(100);
    expect(page.body.length).toBeLessThan(MOST_BYTES);
  }
  expect((await open('/console/credentials')).text).toContain('10,001 credentials');
  expect((await open('/console')).text).toContain('10,001');
});

test('activity has pages, forward and back', async () => {
  const newest = await open('/console/activity?type=issued');
  const second = await newest.follow('Older');
  const third = await second.follow('Older');
  expect([rowsOf(newest), rowsOf(second), rowsOf(third)]).toEqual([100, 100, 100]);
  expect(third.text).toContain('person-9799');
  expect((await third.follow('Newer')).text).toContain('person-9899');
  const front = await (await third.follow('Newer')).follow('Newer');
  expect(front.text).toContain('person-9999');
  expect((await third.follow('Newest')).url.search).toBe('?type=issued');
});

test('a rare record is found however old it is', async () => {
  const page = await open('/console/activity?subject=person-3');
  expect(rowsOf(page)).toBe(1);
  expect(page.body).not.toContain('Older');
});

test('the pages of credentials repeat none and leave out none', async () => {
  const seen = new Set<string>();
  let page = await open('/console/credentials');
  for (let pages = 1; pages <= 4; pages += 1) {
    for (const [, name] of page.body.matchAll(/<bdi>(person-\d+|first)<\/bdi>/g)) seen.add(name!);
    if (pages < 4) page = await page.follow('Next');
  }
  expect(seen.size).toBe(400);
  const one = await open('/console/credentials?subject=person-9999');
  expect(one.text).toContain('1 credential');
});

test('a revocation says how many credentials it affects', async () => {
  const form = await open('/console/revoke?role=publisher');
  const asked = await form.press('See what would be disconnected', { reason: 'test' });
  expect(asked.text).toContain('This ends 10,001 valid credentials');
});
