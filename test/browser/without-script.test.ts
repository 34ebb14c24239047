import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startMachine } from './command-line.ts';
import { ADA, OLGA } from './policy.ts';
import {
  chooseAtProvider,
  download,
  issuerSessionEnds,
  press,
  signIn,
  signInLink,
  signOut,
} from './steps.ts';
import { type BrowserWorld, startBrowserWorld } from './world.ts';

let world: BrowserWorld;
beforeAll(async () => {
  world = await startBrowserWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => world.chromium.leave());

const withoutScript = () => world.chromium.visitor({ javaScriptEnabled: false });

test('a person signs in, downloads a credential, and signs out', async () => {
  const { page } = await withoutScript();
  await signIn(page, ADA);
  const { text } = await download(page, 'orders-reader');
  await (await world.connect(text)).flush();
  await signOut(page);
  await issuerSessionEnds(page);
  expect(await signInLink(page).count()).toBe(1);
});

test('a person hands a credential to the command line', async () => {
  await using machine = await startMachine(world);
  const login = machine.run('login', '--role', 'orders-publisher');
  const { page } = await withoutScript();
  await page.goto(await machine.opened());
  await chooseAtProvider(page, ADA);
  await press(page, 'Agree');
  expect(await login.exitCode).toBe(0);
});

test('a person approves a device', async () => {
  await using machine = await startMachine(world);
  const login = machine.run('login', '--device', '--role', 'orders-publisher');
  const code = await eventually(() => /\b[B-Z]{4}-[B-Z]{4}\b/.exec(login.out() + login.err())?.[0]);
  const { page } = await withoutScript();
  await signIn(page, ADA);
  await page.goto('/device');
  await page.getByRole('textbox').fill(code);
  await press(page, 'Continue');
  await press(page, 'Agree');
  expect(await login.exitCode).toBe(0);
});

test('an operator reads the console, and rotates', async () => {
  const { page } = await withoutScript();
  await signIn(page, OLGA);
  await page.getByRole('link', { name: 'Console' }).click();
  await press(page, 'Rotate all keys');
  await press(page, 'Rotate');
  await page.getByText('Rotation requested').waitFor();
  // One for each role.
  expect(world.audit({ type: 'admin' })).toHaveLength(3);
});
