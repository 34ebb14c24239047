import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ExitCode } from '../../src/cli/exit-codes.ts';
import { eventually } from '../support/eventually.ts';
import { subscriptionError } from '../support/nats-traffic.ts';
import { look } from './appearance.ts';
import { type Machine, type Run, startMachine } from './command-line.ts';
import { ADA, BEN } from './policy.ts';
import { press, signIn, signInOnTheWay } from './steps.ts';
import { type BrowserWorld, startBrowserWorld } from './world.ts';

let world: BrowserWorld;
let machine: Machine;
beforeAll(async () => {
  world = await startBrowserWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(async () => {
  await machine[Symbol.asyncDispose]();
  await world.chromium.leave();
});

/** The exit code, and everything that was written where it isn't 0. */
async function ending(run: Run): Promise<string> {
  const code = await run.exitCode;
  return code === 0 ? '0' : `${code}: ${run.out()}${run.err()}`;
}

async function credsOf(folder: string): Promise<{ name: string; text: string; mode: number }[]> {
  const names = (await readdir(join(folder, 'nats-sts'))).filter((name) => name.endsWith('.creds'));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, 'nats-sts', name);
      return {
        name,
        text: await readFile(path, 'utf8'),
        mode: (await stat(path)).mode % 0o1000,
      };
    }),
  );
}

describe('nats-sts login', () => {
  test('asks the person in the browser, and leaves a credential that works', async () => {
    machine = await startMachine(world);
    const login = machine.run('login', '--role', 'orders-publisher');
    const { page } = await world.chromium.visitor();
    await page.goto(await machine.opened());
    await signInOnTheWay(page, ADA);
    const main = page.getByRole('main');
    await main.getByText('orders-publisher').first().waitFor();
    await look(page, 'authorize');
    expect(world.audit({ type: 'issued' })).toEqual([]);
    await press(page, 'Agree');
    await page.waitForURL('/authorize/done');
    await look(page, 'authorize-done');
    expect(await ending(login)).toBe('0');

    const [creds, ...others] = await credsOf(machine.configHome);
    expect(others).toEqual([]);
    expect(creds?.mode).toBe(0o600);
    const connection = await world.connect(creds?.text ?? '');
    connection.publish('orders.eu.created', 'from the command line');
    await connection.flush();
    expect(world.audit({ type: 'issued' })).toMatchObject([
      { door: 'login', role: 'orders-publisher' },
    ]);
    // The key was made there: it never was anywhere else.
    expect(world.log.text()).not.toMatch(/\bSU[A-Z2-7]{56}/);

    const whoami = machine.run('whoami');
    expect(await ending(whoami)).toBe('0');
    expect(whoami.out()).toContain(ADA.name);
    expect(whoami.out()).toContain('orders-publisher');

    const again = machine.run('login', '--role', 'orders-publisher');
    expect(await ending(again)).toBe('0');
    expect(await machine.hasOpened()).toBe(false);
    expect(world.audit({ type: 'issued' })).toHaveLength(2);

    const logout = machine.run('logout');
    expect(await ending(logout)).toBe('0');
    expect(await credsOf(machine.configHome)).toEqual([]);
    expect(await machine.run('whoami').exitCode).toBe(ExitCode.denied);
  });

  test('lets the person choose the role, and hands over the chosen one', async () => {
    machine = await startMachine(world);
    const login = machine.run('login', '--print');
    const { page } = await world.chromium.visitor();
    await page.goto(await machine.opened());
    await signInOnTheWay(page, ADA);
    await page.getByRole('radio', { name: 'orders-reader' }).check();
    await look(page, 'authorize-choose');
    await press(page, 'Agree');
    expect(await ending(login)).toBe('0');
    const connection = await world.connect(login.out());
    expect(await subscriptionError(connection, 'orders.eu.>')).toBeUndefined();
    expect(await subscriptionError(connection, 'orders.us.>')).toBeDefined();
    expect(await credsOf(machine.configHome).catch(() => [])).toEqual([]);
  });

  test('gets nothing when the person refuses', async () => {
    machine = await startMachine(world);
    const before = world.audit({ type: 'issued' }).length;
    const login = machine.run('login');
    const { page } = await world.chromium.visitor();
    await page.goto(await machine.opened());
    await signInOnTheWay(page, ADA);
    await page
      .getByRole('main')
      .getByRole('button', { name: /cancel|refuse|don.t/i })
      .click();
    expect(await login.exitCode).not.toBe(0);
    expect(world.audit({ type: 'issued' })).toHaveLength(before);
  });

  test('for a person without a role ends with a page that says why', async () => {
    machine = await startMachine(world);
    machine.run('login');
    const { page } = await world.chromium.visitor();
    await page.goto(await machine.opened());
    await signInOnTheWay(page, BEN);
    const text = await page.getByRole('main').innerText();
    expect(text).toContain('sales');
    expect(text).not.toContain('orders');
    await look(page, 'authorize-denied');
  });
});

describe('nats-sts login --device', () => {
  test('shows a code that a person enters elsewhere', async () => {
    machine = await startMachine(world);
    const login = machine.run('login', '--device', '--role', 'orders-reader');
    const code = await eventually(
      () => /\b[B-Z]{4}-[B-Z]{4}\b/.exec(login.out() + login.err())?.[0],
    );
    const { page } = await world.chromium.visitor();
    await signIn(page, ADA);
    await page.goto('/device');
    await look(page, 'device');
    await page.getByRole('textbox').fill(code.toLowerCase().replace('-', ' '));
    await press(page, 'Continue');
    await page.getByText(code).first().waitFor();
    await page.getByText('orders-reader').first().waitFor();
    await look(page, 'device-confirm');
    await press(page, 'Agree');
    await page.getByRole('heading', { name: 'Done' }).waitFor();
    await look(page, 'device-done');
    expect(await ending(login)).toBe('0');
    const [creds] = await credsOf(machine.configHome);
    const connection = await world.connect(creds?.text ?? '');
    await connection.flush();
    expect(await machine.hasOpened()).toBe(false);
  });

  test('ends when the person refuses', async () => {
    machine = await startMachine(world);
    const login = machine.run('login', '--device');
    const url = await eventually(
      () => /https:\S+\/device\?user_code=\S+/.exec(login.out() + login.err())?.[0],
    );
    const { page } = await world.chromium.visitor();
    await page.goto(url);
    await signInOnTheWay(page, ADA);
    await page
      .getByRole('main')
      .getByRole('button', { name: /refuse|cancel|don.t/i })
      .click();
    expect(await login.exitCode).not.toBe(0);
    await page.goto(url);
    await page.getByRole('alert').waitFor();
    await look(page, 'device-unknown');
  });
});
