import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { demo, type DemoOptions } from '../../demo/demo.ts';
import { type CapturedTerminal, capturedTerminal } from '../cli/captured-terminal.ts';
import { eventually } from '../support/eventually.ts';

const DEMO = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));
const SECRET = /eyJ[\w-]+\.|\bS[AOU][A-Z2-7]{50}/;

test('with --once it shows every step, keeps secrets to itself, and ends with 0', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [DEMO, '--once']);
  expect(stdout.match(/^\d(?= {2})/gm)?.join('')).toBe('123456789');
  expect(stdout).toContain('Permissions Violation for Publish to "orders.us.created"');
  expect(stdout).toMatch(/✗ +team +wants "orders" +but has "billing"/);
  expect(stdout).toMatch(/denied +demo invoices +no_binding/);
  expect(stdout).toMatch(/signed in +Ada Lovelace.*[^]*received +\{"order": 2\}/);
  expect(stdout).toMatch(/login +demo ada +signed-in/);
  const signers = [...stdout.matchAll(/signs now +(\S+)/g)].map(([, key]) => key);
  expect(new Set(signers).size).toBe(2);
  expect(stdout).toMatch(/published +(\d+)\n +received +\1, on one connection/);
  expect(stdout).toMatch(/managed, next rotation[^]* draining [^]* active /);
  expect(stdout).toMatch(/revoked demo orders: 3 credentials and 1 session cut/);
  expect(stdout).toMatch(/cut by the NATS server \d{1,3} ms after the call/);
  expect(stdout).toMatch(/its token +401 invalid_token/);
  expect(stdout).not.toContain('Try it yourself');
  expect(stdout).not.toMatch(SECRET);
  expect(stderr).toBe('');
});

async function run(options: Partial<DemoOptions> = {}): Promise<[number, CapturedTerminal]> {
  const terminal = capturedTerminal();
  const interrupted = new AbortController().signal;
  return [await demo({ terminal, once: true, interrupted, ...options }), terminal];
}

test('a policy that gives the orders service nothing makes it fail', async () => {
  const [exitCode, { written }] = await run({
    configure: (text) => text.replace('team: orders', 'team: sales'),
  });
  expect(exitCode).toBe(1);
  expect(written.err).toMatch(/the exchange was refused: .*no_binding/);
});

test('a policy that allows too much makes it fail', async () => {
  const [exitCode, { written }] = await run({
    configure: (text) => text.replaceAll('{{claims.region}}', '*'),
  });
  expect(exitCode).toBe(1);
  expect(written.err).toContain('the server let it publish to orders.us.created');
});

test('a policy that gives people nothing makes it fail', async () => {
  const [exitCode, { written }] = await run({
    configure: (text) => text.replace('team: orders', 'team: orders\n      client_id: orders'),
  });
  expect(exitCode).toBe(1);
  expect(written.out).toContain('Ada, a person of the orders team');
  expect(written.err).toContain('the page does not say orders.eu.>');
});

test('keys that nobody may administer make it fail', async () => {
  const [exitCode, { written }] = await run({
    configure: (text) => text.replace('team: platform', 'team: sales'),
  });
  expect(exitCode).toBe(1);
  expect(written.out).toContain('The signing keys rotate');
  expect(written.err).toMatch(/denied|may not|access_denied/);
});

test('without --once it stays up, says what to try and what is reloaded, until it is interrupted', async () => {
  const terminal = capturedTerminal();
  const interrupt = new AbortController();
  const ended = demo({ terminal, once: false, interrupted: interrupt.signal });
  const page = await eventually(
    () => /sign in as Ada Lovelace:\s+(http\S+)/.exec(terminal.written.out)?.[1],
  );
  expect(await (await fetch(page)).text()).toContain('Sign in with');
  const config = await eventually(() => /sed -i\.bak .* (\/\S+)$/m.exec(terminal.written.out)?.[1]);
  await promisify(execFile)('sed', ['-i.bak', 's/team: orders/team: billing/', config]);
  await eventually(() => terminal.written.out.includes('configuration reloaded'));
  interrupt.abort();
  expect(await ended).toBe(0);
});
