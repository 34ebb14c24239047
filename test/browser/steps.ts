import { readFile } from 'node:fs/promises';
import type { Download, Page } from 'playwright-core';

/** Says at the identity provider who one is. */
export async function chooseAtProvider(page: Page, { name }: { name: string }): Promise<void> {
  await page.getByRole('button', { name }).click();
}

/** From the start page by the provider and back. */
export async function signIn(page: Page, person: { name: string }): Promise<void> {
  await page.goto('/');
  await signInButton(page).click();
  await chooseAtProvider(page, person);
  await page.getByText(person.name).first().waitFor();
}

export function signInButton(page: Page) {
  return page.getByRole('main').getByRole('link', { name: /sign in/i });
}

/** The content of what the browser saves when `act` is done. */
export async function downloaded(
  page: Page,
  act: () => Promise<void>,
): Promise<{ readonly name: string; readonly text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), text: await contentOf(download) };
}

async function contentOf(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}
