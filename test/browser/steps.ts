import { readFile } from 'node:fs/promises';
import type { Download, Locator, Page } from 'playwright-core';

/** The way to the provider, on the start page or on one that tells of trouble. */
export function signInLink(page: Page): Locator {
  return page.getByRole('main').getByRole('link', { name: /sign in/i });
}

/** Waits until the provider asks who one is. */
export async function atProvider(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
}

export async function chooseAtProvider(page: Page, { name }: { name: string }): Promise<void> {
  await page.getByRole('button', { name }).click();
}

/** From the start page by the provider and back. */
export async function signIn(page: Page, person: { name: string }): Promise<void> {
  await page.goto('/');
  await signInLink(page).click();
  await chooseAtProvider(page, person);
  await page.waitForURL('/');
  await page.getByText(person.name).first().waitFor();
}

/** At the provider, to which an address has led somebody who isn't signed in, by a chooser or without. */
export async function signInOnTheWay(page: Page, person: { name: string }): Promise<void> {
  await atProvider(page);
  await chooseAtProvider(page, person);
  await page.getByRole('banner').getByText(person.name).waitFor();
}

/** The button of exactly this name, in what the page is about. */
export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name, exact: true }).click();
}

/** By the button that every page has; what the provider then asks is left open. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
}

/** Agrees to the provider's question, and comes back to the start page. */
export async function issuerSessionEnds(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('/');
}

/** What the start page tells of a role. */
export function card(page: Page, role: string): Locator {
  return page.getByRole('article').filter({ has: page.getByRole('heading', { name: role }) });
}

/** Takes the role's credential along as a file. */
export async function download(page: Page, role: string): Promise<DownloadedFile> {
  const saved = page.waitForEvent('download');
  await card(page, role).getByRole('button').click();
  return contentOf(await saved);
}

export interface DownloadedFile {
  readonly name: string;
  readonly text: string;
}

export async function contentOf(download: Download): Promise<DownloadedFile> {
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), 'utf8'),
  };
}
