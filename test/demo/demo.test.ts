import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { demo, type DemoOptions } from '../../demo/demo.ts';
import { PEOPLE } from '../../demo/policy.ts';
import { program } from '../../src/cli/program.ts';
import { type CapturedTerminal, capturedTerminal } from '../cli/captured-terminal.ts';
import { eventually } from '../support/eventually.ts';
import { createBrowser } from '../support/people.ts';

const DEMO = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));
const SECRET = /eyJ[\w-]+\.|\bS[AOU][A-Z2-7]{50}/;

test('with --once it shows every step, prints no secrets, and exits with 0', async () => {
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
  expect(stdout).toMatch(/revoked demo orders: 3 credentials and 1 connection\n/);
  expect(stdout).toMatch(/disconnected by the NATS server \d+ ms after the call/);
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
  expect(written.out).toContain('Ada, a person in the orders team');
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

/** A demo that stays up; `ended` is its exit code. */
async function stayingUp() {
  const terminal = capturedTerminal();
  const interrupt = new AbortController();
  const ended = demo({ terminal, once: false, interrupted: interrupt.signal });
  const said = (text: string | RegExp) =>
    eventually(() => new RegExp(text).exec(terminal.written.out)?.[1] ?? undefined);
  await said('(Everything stays up)');
  return {
    terminal,
    said,
    [Symbol.asyncDispose]: async () => {
      interrupt.abort();
      expect(await ended).toBe(0);
    },
  };
}

test('without --once it stays up until interrupted, and prints what to try and what was reloaded', async () => {
  await using up = await stayingUp();
  const page = await up.said(/sign in as Ada Lovelace:\s+(http\S+)/);
  expect(await (await fetch(page)).text()).toContain('Sign in with');
  expect(await up.said(/\n(.*)\n$/)).toBe(page);
  const config = await up.said(/sed -i\.bak .* (\/\S+)/);
  await promisify(execFile)('sed', ['-i.bak', 's/team: orders/team: billing/', config]);
  await up.said('(configuration reloaded)');
  await writeFile(config, 'nonsense');
  await up.said('(the changed configuration was refused)');
});

test('while it stays up, keys rotate as rarely as usual, and check finds no problem in its configuration', async () => {
  await using up = await stayingUp();
  const config = await up.said(/sed -i\.bak .* (\/\S+)/);
  const terminal = capturedTerminal();
  expect(await program(['node', 'nats-sts', 'check', '--config', config], terminal)).toBe(0);
  expect(terminal.written.out).toMatch(/managed +created here +every 7d/);
  expect(terminal.written.out + terminal.written.err).not.toMatch(/^(warning|note)/m);
});

test('the lines to paste work in a shell, and the demo prints what people and services did', async () => {
  await using up = await stayingUp();
  const page = await up.said(/sign in as Ada Lovelace:\s+(http\S+)/);
  const provider = await createBrowser().open(`${page}/login`);
  for (const text of ['Example identity provider', 'Okta', ...PEOPLE.map(({ about }) => about)]) {
    expect(provider.text).toContain(text);
  }
  expect((await provider.press('Ada Lovelace')).status).toBe(200);
  await up.said('(Ada Lovelace signed in)');

  const lines = pasted(up.terminal.written.out);
  // The tour revoked the service. Tokens that it gets some seconds later are valid again. Each try
  // counts toward the limit of the identity.
  const [, token = '', exchange = ''] = lines;
  await eventually(() => inShell([token, exchange]).catch(() => wait(500, false)));
  const stdout = await inShell(lines);
  expect(stdout).toContain('granted  role orders');
  expect(stdout).toMatch(/revoked demo orders[^]*lifted /);
  expect(stdout).toMatch(/made: issuer demo, subject orders \(trying it out\)/);
  await up.said('(the orders service got a credential for role orders)');
  await up.said('(the invoices service got no credential: )');
  await up.said('(a new signing key signs for role orders)');
  await up.said('(the ops service revoked the orders service: trying it out)');
  await up.said('(the ops service lifted the revocation of the orders service)');
  const told = up.terminal.written.out.split('Everything stays up')[1] ?? '';
  expect(told).not.toMatch(/applied|pushed|draining|revoked no longer/);
  expect(told).not.toMatch(SECRET);
});

async function inShell(lines: readonly string[]): Promise<string> {
  const script = ['set -e', ...lines, 'echo done'].join('\n');
  return (await promisify(execFile)('bash', ['-c', script])).stdout;
}

/** The lines to paste but those that need a person, the nats command, or the edited policy. */
function pasted(printed: string): string[] {
  const lines = printed.split('Try it yourself')[1]?.match(/^ {6}.*/gm) ?? [];
  const needsMore = /^(http|nats |sed )|nats-sts (login|whoami|logout)/;
  const alone = lines.map((line) => line.trim()).filter((line) => !needsMore.test(line));
  return alone.filter((line, index) => alone.indexOf(line) === index);
}
