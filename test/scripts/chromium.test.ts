import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { findChromium } from '../../scripts/chromium.ts';

/** Two folders on the PATH, with only what a test puts there. */
let first: string;
let second: string;

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'nats-sts-chromium-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  first = join(root, 'first');
  second = join(root, 'second');
  for (const folder of [first, second]) await mkdir(folder);
});

function find(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const PATH = [first, second].join(delimiter);
  return findChromium({ env: { PATH, ...env }, platform: 'linux' });
}

async function program(folder: string, name: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, '', { mode });
  return path;
}

test('the variable CHROMIUM wins over the PATH', async () => {
  await program(first, 'chromium');
  const mine = await program(second, 'my-browser');
  expect(await find({ CHROMIUM: mine })).toBe(mine);
});

test('a CHROMIUM that cannot be run is an error, whatever is on the PATH', async () => {
  await program(first, 'chromium');
  const text = await program(second, 'notes.txt', 0o644);
  await expect(find({ CHROMIUM: text })).rejects.toThrow(`CHROMIUM: ${text} is no program`);
});

test('on the PATH, Chromium comes before other browsers, wherever they are', async () => {
  await program(first, 'google-chrome');
  const chromium = await program(second, 'chromium');
  expect(await find()).toBe(chromium);
});

test('a file that cannot be run is passed over', async () => {
  await program(first, 'chromium', 0o644);
  const other = await program(second, 'chromium-browser');
  expect(await find()).toBe(other);
});

test('where there is none, it says what to install', async () => {
  await expect(find()).rejects.toThrow(/apt-get install chromium.*CHROMIUM/);
});
