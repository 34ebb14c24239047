import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { DESKTOP, PHONE } from './chromium.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../screenshots/', import.meta.url));
const AXE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

const VARIANTS = (['light', 'dark'] as const).flatMap((scheme) => [
  { scheme, device: 'desktop', size: DESKTOP } as const,
  { scheme, device: 'phone', size: PHONE } as const,
]);

/**
 * Looks at the page in light and dark, on a desktop and on a phone: axe finds nothing, nothing has to
 * be scrolled sideways. Leaves a picture of each in `screenshots/`. The page is as before afterwards.
 */
export async function look(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const { scheme, device, size } of VARIANTS) {
    const variant = `${name}-${scheme}-${device}`;
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize(size);
    await page.screenshot({ path: `${SCREENSHOTS}${variant}.png`, fullPage: true });
    expect({ variant, violations: await violations(page) }).toEqual({ variant, violations: [] });
    expect({ variant, sideways: await sidewaysPixels(page) }).toEqual({ variant, sideways: 0 });
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(DESKTOP);
}

/** What axe finds, as `rule: elements`. Evaluated from outside, so that the page's policy holds nothing up. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate<AxeResults>(
    'axe.run(document, { preload: false, resultTypes: ["violations"] })',
  );
  return results.violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`,
  );
}

function sidewaysPixels(page: Page): Promise<number> {
  return page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}
