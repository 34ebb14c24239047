import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { firstError } from '../support/nats-traffic.ts';
import { look } from './appearance.ts';
import { ADA, BEN, OLGA } from './policy.ts';
import {
  atProvider,
  card,
  chooseAtProvider,
  download,
  issuerSessionEnds,
  signIn,
  signInLink,
  signOut,
} from './steps.ts';
import { type BrowserWorld, startBrowserWorld } from './world.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

let world: BrowserWorld;
beforeAll(async () => {
  world = await startBrowserWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => world.chromium.leave());

/** How often the provider has shown its page to sign in. */
function timesAsked(): number {
  return world.provider.requests.filter((path) => path.startsWith('/sign-in/')).length;
}

describe('a person who signs in', () => {
  test('sees who they are, their roles, and what each allows', async () => {
    const { page } = await world.chromium.visitor();
    await page.goto('/');
    await look(page, 'start');
    await signInLink(page).click();
    await chooseAtProvider(page, ADA);
    await page.waitForURL('/');
    const main = page.getByRole('main');
    for (const text of [ADA.name, ADA.claims.email, 'orders-publisher', 'orders-reader']) {
      await expect.poll(() => main.innerText(), { timeout: PATIENCE_MILLISECONDS }).toContain(text);
    }
    expect(await card(page, 'orders-publisher').innerText()).toContain('orders.eu.>');
    expect(await page.getByRole('link', { name: 'Console' }).count()).toBe(0);
    await look(page, 'home');
  });

  test('downloads a credential that works where the role allows, and is refused elsewhere', async () => {
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    const reader = await download(page, 'orders-reader');
    const publisher = await download(page, 'orders-publisher');
    expect([reader.name, publisher.name]).toEqual([
      'orders-reader.creds',
      'orders-publisher.creds',
    ]);

    const listening = await world.connect(reader.text);
    const received = listening.subscribe('orders.eu.>', { max: 1 });
    await listening.flush();
    const publishing = await world.connect(publisher.text);
    publishing.publish('orders.eu.created', 'from the page');
    for await (const message of received) expect(message.string()).toBe('from the page');

    const objection = firstError(publishing);
    publishing.publish('orders.us.created', 'too far');
    expect((await objection).message).toMatch(/Permissions Violation.*orders\.us\.created/);
    const other = firstError(listening);
    listening.publish('orders.eu.created', 'a reader');
    expect((await other).message).toMatch(/Permissions Violation.*orders\.eu\.created/);
  });

  test('is in the audit log, from the first click to the credential', async () => {
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    await download(page, 'orders-reader');
    const events = await eventually(() => {
      const events = world.audit();
      const at = events.findLastIndex((event) => event.type === 'login' && event.step === 'begun');
      const types = events.slice(at);
      return types.some(({ type }) => type === 'issued') && types;
    });
    const steps = events.map((event) => (event.type === 'login' ? event.step : event.type));
    expect(steps).toEqual(['begun', 'signed-in', 'issued']);
    expect(events.at(-1)).toMatchObject({ door: 'login', role: 'orders-reader' });
  });

  test('finds a command that makes the file a context of the nats command line', async () => {
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    const text = await card(page, 'orders-publisher').innerText();
    expect(text).toContain('nats context add');
    expect(text).toContain(`--server ${world.nats.url}`);
    expect(text).toContain('orders-publisher.creds');
  });

  test('is not asked again by the provider while its session lasts', async () => {
    const { page, context } = await world.chromium.visitor();
    await signIn(page, ADA);
    await context.clearCookies({ name: /nats-sts/ });
    await page.goto('/');
    const asked = timesAsked();
    await signInLink(page).click();
    await page.getByText(ADA.name).first().waitFor();
    expect(timesAsked()).toBe(asked);
  });
});

test('a person without a role sees which claim did not match and whom to ask, and nothing about others', async () => {
  const { page } = await world.chromium.visitor();
  await signIn(page, BEN);
  const text = await page.getByRole('main').innerText();
  expect(text).toContain('team');
  expect(text).toContain('sales');
  expect(text).toContain('platform-team@acme.example');
  expect(text).not.toMatch(/orders|platform team/);
  await look(page, 'denied');
});

describe('cookies', () => {
  test('are sealed, bound to the host, for HTTPS only, and out of reach of scripts', async () => {
    const { page, context } = await world.chromium.visitor();
    await page.goto('/');
    await signInLink(page).click();
    await atProvider(page);
    const ours = async () =>
      (await context.cookies(world.url)).filter(({ name }) => name.includes('nats-sts'));
    const attempts = await ours();
    expect(attempts.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^__Host-nats-sts-\d+-login-[\w-]{12}$/),
    ]);
    await chooseAtProvider(page, ADA);
    await page.waitForURL('/');
    const session = await ours();
    expect(session.map(({ name }) => name)).toEqual([
      `__Host-nats-sts-${new URL(world.url).port}-session`,
    ]);
    for (const cookie of [...attempts, ...session]) {
      expect(cookie).toMatchObject({
        secure: true,
        httpOnly: true,
        sameSite: 'Lax',
        path: '/',
        domain: '127.0.0.1',
      });
      expect(cookie.value).not.toMatch(/lovelace|ada@acme|publisher/i);
    }
    expect(await page.evaluate<string>('document.cookie')).toBe('');
  });
});

describe('two tabs', () => {
  test('in which a person signs in at the same time do not disturb each other', async () => {
    const { page, context } = await world.chromium.visitor();
    const other = await context.newPage();
    for (const tab of [page, other]) {
      await tab.goto('/');
      await signInLink(tab).click();
      await atProvider(tab);
    }
    for (const tab of [other, page]) {
      await chooseAtProvider(tab, ADA);
      await tab.waitForURL('/');
      expect(await tab.getByRole('main').innerText()).toContain(ADA.name);
    }
  });

  test('are both signed out by signing out in one', async () => {
    const { page, context } = await world.chromium.visitor();
    await signIn(page, ADA);
    const other = await context.newPage();
    await other.goto('/');
    await other.getByText(ADA.name).first().waitFor();
    await signOut(page);
    const saved: unknown[] = [];
    other.on('download', (file) => saved.push(file));
    await card(other, 'orders-reader').getByRole('button').click();
    await other.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    expect(saved).toEqual([]);
    await look(other, 'session-ended');
  });
});

describe('signing out', () => {
  test('ends the session here and at the provider, and comes back to the start page', async () => {
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    await signOut(page);
    await issuerSessionEnds(page);
    expect(await page.content()).not.toContain('Lovelace');
    const asked = timesAsked();
    await signInLink(page).click();
    await atProvider(page);
    // It would not ask if it still knew her.
    expect(timesAsked()).toBeGreaterThan(asked);
  });

  test('asks first when the address was typed in', async () => {
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    await page.goto('/logout');
    await look(page, 'logout');
    await page
      .getByRole('main')
      .getByRole('button', { name: /sign out/i })
      .click();
    await issuerSessionEnds(page);
    expect(await signInLink(page).count()).toBe(1);
  });

  test('leaves nothing that the back button shows', async () => {
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    await page.goto('/device');
    await signOut(page);
    await issuerSessionEnds(page);
    let ours = 0;
    while ((await page.goBack()) !== null) {
      if (!page.url().startsWith(world.url)) continue;
      ours += 1;
      expect(await page.content()).not.toContain('Lovelace');
    }
    expect(ours).toBeGreaterThan(1);
  });

  test('makes every copy of the session worthless', async () => {
    const { page, context } = await world.chromium.visitor();
    await signIn(page, ADA);
    const cookies = await context.cookies(world.url);
    await signOut(page);
    const thief = await world.chromium.visitor();
    await thief.context.addCookies(cookies.filter(({ name }) => name.includes('nats-sts')));
    await thief.page.goto('/');
    await signInLink(thief.page).waitFor();
    expect(await thief.page.content()).not.toContain('Lovelace');
  });
});

test('lets the next person at the same browser sign in as themselves', async () => {
  const { page } = await world.chromium.visitor();
  await signIn(page, ADA);
  await signOut(page);
  await issuerSessionEnds(page);
  await signIn(page, OLGA);
  expect(await page.content()).not.toContain('Lovelace');
  await page.getByRole('link', { name: 'Console' }).waitFor();
});
