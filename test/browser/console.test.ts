import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { look } from './appearance.ts';
import { DESKTOP, PHONE } from './chromium.ts';
import { ADA, OLGA } from './policy.ts';
import { download, press, signIn } from './steps.ts';
import { type BrowserWorld, startBrowserWorld } from './world.ts';

let world: BrowserWorld;
beforeAll(async () => {
  world = await startBrowserWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => world.chromium.leave());

/** The console, as an operator has it before her who did nothing yet. */
async function asOperator(): Promise<Page> {
  const { page } = await world.chromium.visitor();
  await signIn(page, OLGA);
  await page.getByRole('link', { name: 'Console' }).click();
  await page.waitForURL('/console');
  // From here on it hears of whatever happens.
  await page.getByText('live', { exact: true }).waitFor();
  return page;
}

/** Leaves a mark on the page that survives everything but a reload; answers whether it is there still. */
async function mark(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate('globalThis.marked = true');
  return () => page.evaluate<boolean>('globalThis.marked === true');
}

const keysOf = (page: Page) => page.getByRole('region', { name: 'Keys of APP' });

/** Everyone who signs in as Ada has a credential of hers afterwards. */
async function adasCredential(): Promise<{ readonly page: Page; readonly creds: string }> {
  const { page } = await world.chromium.visitor();
  await signIn(page, ADA);
  return { page, creds: (await download(page, 'orders-publisher')).text };
}

/** Every cell of the tables is in sight, and so is what one can do about its row. */
async function expectNothingCut(page: Page): Promise<void> {
  await page.setViewportSize(PHONE);
  const beyond = await page.evaluate<string[]>(`
    [...document.querySelectorAll('table td, table td .button')]
      .filter((element) => element.getClientRects().length > 0)
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
      .map((element) => element.textContent)`);
  expect(beyond).toEqual([]);
  await page.setViewportSize(DESKTOP);
}

describe('the console', () => {
  test('shows a rotation that someone else requested, while it happens, without a reload', async () => {
    await adasCredential();
    const page = await asOperator();
    const isMarked = await mark(page);
    await look(page, 'console');
    expect(await keysOf(page).innerText()).not.toContain('draining');

    const colleague = await asOperator();
    await press(colleague, 'Rotate all keys');
    await look(colleague, 'console-rotate');
    await press(colleague, 'Rotate');
    await colleague.getByText('Rotation requested').waitFor();

    // The key of Ada's credential is good until that ends; another signs now.
    await keysOf(page).getByText('draining', { exact: true }).first().waitFor();
    expect(await isMarked()).toBe(true);
    await look(page, 'console-rotated');
    await expectNothingCut(page);
  });

  test('revokes a person: NATS disconnects her, and her session ends', async () => {
    const ada = await adasCredential();
    const connection = await world.connect(ada.creds);
    const cut = connection.closed();

    const page = await asOperator();
    await page.getByRole('link', { name: 'Credentials', exact: true }).click();
    const colleague = await page.context().newPage();
    await colleague.goto('/console/credentials');
    await colleague.getByText('live', { exact: true }).waitFor();
    const isMarked = await mark(colleague);
    await look(page, 'console-credentials');
    await expectNothingCut(page);
    await page
      .getByRole('row', { name: 'ada' })
      .getByRole('link', { name: 'Revoke' })
      .first()
      .click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('lost her laptop');
    await look(page, 'console-revoke');
    await press(page, 'See what would be disconnected');
    await page.getByText('1 live connection').waitFor();
    await look(page, 'console-revoke-confirm');
    expect(connection.isClosed()).toBe(false);
    await press(page, 'Revoke');
    await page.waitForURL('/console/revocations');

    await cut;
    await colleague.getByText('No credentials match').waitFor();
    expect(await isMarked()).toBe(true);
    await look(page, 'console-revocations');
    await ada.page.reload();
    await ada.page.getByRole('heading', { name: 'Sign in again' }).waitFor();

    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.waitForURL('/console/activity');
    expect(await page.getByRole('main').innerText()).toContain('lost her laptop');
    await look(page, 'console-activity');
    await expectNothingCut(page);
  });

  test('finds what one person did', async () => {
    const page = await asOperator();
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByRole('textbox', { name: 'Subject' }).fill('olga');
    await press(page, 'Filter');
    await page.waitForURL(/[?&]subject=olga\b/);
    const rows = page.getByRole('row', { name: 'olga' });
    expect(await rows.count()).toBeGreaterThan(0);
    expect(await page.getByRole('row').count()).toBe((await rows.count()) + 1);
    await rows.first().getByRole('link', { name: 'olga' }).click();
    await page.getByRole('heading', { name: 'olga' }).waitFor();
    await look(page, 'console-identity');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy olga' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('olga');
  });
});
