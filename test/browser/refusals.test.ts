import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { REFUSED } from '../support/people-pages.ts';
import { look } from './appearance.ts';
import { ADA, PAT } from './policy.ts';
import { atProvider, card, chooseAtProvider, signInLink } from './steps.ts';
import { type BrowserWorld, startBrowserWorld } from './world.ts';

let world: BrowserWorld;
beforeAll(async () => {
  world = await startBrowserWorld({ partners: true });
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(async () => {
  world.partners.become('working');
  world.provider.become('working', '/token');
  world.provider.tamper(undefined);
  await world.chromium.leave();
});

/** The provider of ADA, out of several. */
async function toAcme(page: Page): Promise<void> {
  await page.goto('/login');
  await page.getByRole('link', { name: 'Acme', exact: true }).click();
  await atProvider(page);
}

/** Heading and status of the page that a sign-in ends with. */
async function outcomeOf(page: Page, act: () => Promise<void>): Promise<[number, string]> {
  const answer = page.waitForResponse((response) =>
    response.url().startsWith(`${world.url}/login/callback`),
  );
  await act();
  const status = (await answer).status();
  await page.waitForURL(/\/login\/callback/);
  return [status, await page.getByRole('main').getByRole('heading').first().innerText()];
}

// First of all: once it was seen, what it says of itself is remembered for a while.
test('an issuer that is down gets a page, and people of the other one can sign in', async () => {
  world.partners.become('unavailable');
  const { page } = await world.chromium.visitor();
  await page.goto('/login');
  const answer = page.waitForResponse(/\/login\?issuer=partners/);
  await page.getByRole('link', { name: 'Partners of Acme' }).click();
  expect((await answer).status()).toBe(503);
  await page.getByRole('heading', { name: 'Your provider is not responding' }).waitFor();
  await toAcme(page);
  await chooseAtProvider(page, ADA);
  await page.waitForURL('/');

  // That it was down is remembered for some seconds; then people come in there, too.
  world.partners.become('working');
  await eventually(async () => {
    await page.goto('/login?issuer=partners');
    return page.url().startsWith(world.partners.issuer);
  });
});

describe('with several issuers', () => {
  test('a person chooses one, and has the identity from it', async () => {
    const { page } = await world.chromium.visitor();
    await page.goto('/');
    await look(page, 'start-two-issuers');
    await page.goto('/login?return_to=%2Fdevice');
    await look(page, 'chooser');
    await page.getByRole('link', { name: 'Partners of Acme' }).click();
    await chooseAtProvider(page, PAT);
    await page.waitForURL('/device');
    await page.goto('/');
    await page.getByText(PAT.name).first().waitFor();
    await card(page, 'orders-reader').waitFor();
    expect(await card(page, 'orders-publisher').count()).toBe(0);
  });

  test('an answer that names the other one is refused', async () => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    world.provider.tamper((callback) => callback.searchParams.set('iss', world.partners.issuer));
    const [status, heading] = await outcomeOf(page, () => chooseAtProvider(page, ADA));
    expect([status, heading]).toEqual([400, 'This sign-in was stopped']);
    await page.goto('/');
    expect(await page.content()).not.toContain('Lovelace');
  });
});

describe('an issuer', () => {
  test('that refuses is quoted, with a link to continue', async () => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    const [status, heading] = await outcomeOf(page, () =>
      page.getByRole('button', { name: 'Refuse' }).click(),
    );
    expect([status, heading]).toEqual([403, 'Your provider did not sign you in']);
    expect(await page.getByRole('blockquote').innerText()).toBe(REFUSED);
    await look(page, 'issuer-refused');
    await signInLink(page).click();
    await atProvider(page);
  });

  test('whose words are markup is quoted harmlessly', async () => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    const markup = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    world.provider.tamper((callback) => callback.searchParams.set('error_description', markup));
    await outcomeOf(page, () => page.getByRole('button', { name: 'Refuse' }).click());
    expect(await page.getByRole('blockquote').innerText()).toBe(markup);
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  test('that is down during the token request gets a page with a link that works once it is back', async () => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    world.provider.become('unavailable', '/token');
    const [status, heading] = await outcomeOf(page, () => chooseAtProvider(page, ADA));
    expect([status, heading]).toEqual([503, 'Your provider is not responding']);
    expect(await page.content()).not.toContain('Maintenance');
    await look(page, 'issuer-down');
    world.provider.become('working', '/token');
    await signInLink(page).click();
    await page.waitForURL('/');
    expect(await page.getByRole('main').innerText()).toContain(ADA.name);
  });
});

describe('an answer of the issuer', () => {
  test('that nobody requested is a page in plain words', async () => {
    const { page } = await world.chromium.visitor();
    const answer = await page.goto('/login/callback?code=stolen&state=forged');
    expect(answer?.status()).toBe(400);
    await page.getByRole('heading', { name: 'This sign-in cannot be completed' }).waitFor();
    await look(page, 'login-unknown');
    await signInLink(page).click();
    await page.getByRole('link', { name: 'Acme', exact: true }).waitFor();
  });

  test('that was intercepted is useless in another browser', async () => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    let caught = '';
    world.provider.tamper((callback) => {
      caught = callback.href;
      callback.pathname = '/authorize/done';
    });
    await chooseAtProvider(page, ADA);
    await page.waitForURL(/\/authorize\/done/);
    const thief = await world.chromium.visitor();
    const answer = await thief.page.goto(caught);
    expect(answer?.status()).toBe(400);
    await thief.page.goto('/');
    expect(await thief.page.content()).not.toContain('Lovelace');
    // Whom it was meant for, it still serves.
    await page.goto(caught);
    expect(await page.getByRole('main').innerText()).toContain(ADA.name);
  });

  test('works once', async () => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    const asked = page.waitForRequest(/\/login\/callback/);
    await chooseAtProvider(page, ADA);
    const url = (await asked).url();
    await page.waitForURL('/');
    expect((await page.goto(url))?.status()).toBe(400);
  });
});

describe('another site', () => {
  /** The origin of a site of somebody else, which serves this page. */
  async function foreignSite(html: string): Promise<string> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    onTestFinished(() => server.closeAllConnections());
    return `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  test.each([
    ['/credentials', { role: 'orders-reader' }],
    ['/logout', {}],
    ['/device', { user_code: 'BCDF-GHJK', role: 'orders-reader' }],
    ['/authorize', {}],
  ])('cannot send a form to %s for a person who is signed in', async (path, fields) => {
    const { page } = await world.chromium.visitor();
    await toAcme(page);
    await chooseAtProvider(page, ADA);
    await page.waitForURL('/');
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input name=${name} value=${value}>`,
    );
    const site = await foreignSite(
      `<form method=post action="${world.url}${path}">${inputs.join('')}<button>Win</button></form>`,
    );
    await page.goto(site);
    const answer = page.waitForResponse(`${world.url}${path}`);
    await page.getByRole('button', { name: 'Win' }).click();
    expect((await answer).status()).toBe(403);
    await page.goto('/');
    await page.getByText(ADA.name).first().waitFor();
    expect(world.audit({ type: 'issued' })).toEqual([]);
  });

  test('cannot frame a page', async () => {
    const { page } = await world.chromium.visitor();
    await page.goto(await foreignSite(`<iframe src="${world.url}/"></iframe>`));
    const [, frame] = page.frames();
    await frame?.waitForLoadState();
    expect(await frame?.content()).not.toContain('Acme Messaging');
  });
});

test('a sign-in returns only to pages of the service', async () => {
  const { page } = await world.chromium.visitor();
  await page.goto(`/login?return_to=${encodeURIComponent('//evil.example/')}`);
  await page.getByRole('link', { name: 'Acme', exact: true }).click();
  await chooseAtProvider(page, ADA);
  await page.waitForURL(`${world.url}/`);
  expect(await page.getByRole('main').innerText()).toContain(ADA.name);
});

test('the console refuses other people, and says why', async () => {
  const { page } = await world.chromium.visitor();
  await toAcme(page);
  await chooseAtProvider(page, ADA);
  await page.waitForURL('/');
  const answer = await page.goto('/console');
  expect(answer?.status()).toBe(403);
  await look(page, 'not-admin');
});
