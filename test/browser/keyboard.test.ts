import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADA } from './policy.ts';
import { atProvider, contentOf } from './steps.ts';
import { type BrowserWorld, startBrowserWorld } from './world.ts';

let world: BrowserWorld;
beforeAll(async () => {
  world = await startBrowserWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => world.chromium.leave());

const MAX_STOPS = 60;

/** What the keyboard is at: its role, its name, and whether one can see that it is there. */
interface Stop {
  readonly text: string;
  readonly visible: boolean;
}

const STOP = `(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  return {
    text: (element.textContent || element.getAttribute('aria-label') || element.name || '').trim(),
    visible: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
  };
})()`;

/** Presses Tab until the keyboard is at what has this text; everything on the way shows where it is. */
async function tabTo(page: Page, text: RegExp): Promise<void> {
  for (let stops = 0; stops < MAX_STOPS; stops++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<Stop>(STOP);
    if (!stop.visible && page.url().startsWith(world.url)) {
      throw new Error(`nobody sees that the keyboard is at "${stop.text}"`);
    }
    if (text.test(stop.text)) return;
  }
  throw new Error(`the keyboard does not reach ${String(text)}`);
}

test('a person without a mouse signs in, downloads a credential, and signs out', async () => {
  const { page } = await world.chromium.visitor();
  await page.goto('/');
  await page.keyboard.press('Tab');
  expect((await page.evaluate<Stop>(STOP)).text).toMatch(/skip/i);
  await tabTo(page, /sign in/i);
  await page.keyboard.press('Enter');
  await atProvider(page);
  await tabTo(page, new RegExp(ADA.name));
  await page.keyboard.press('Enter');
  await page.waitForURL('/');
  await tabTo(page, /^download/i);
  const saved = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  const { name } = await contentOf(await saved);
  expect(name).toMatch(/^orders-\w+\.creds$/);
  await page.goto('/');
  await tabTo(page, /sign out/i);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
});

test('the skip link leads to the content', async () => {
  const { page } = await world.chromium.visitor();
  await page.goto('/');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
});
