import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommanderError } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AuditEvent, LoginEvent } from '../../src/audit/event.ts';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { auditCommand } from '../../src/cli/audit.ts';
import { CliError, ExitCode } from '../../src/cli/exit-codes.ts';
import { initCommand } from '../../src/cli/init.ts';
import { localTime } from '../../src/cli/time.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import {
  admin,
  denied,
  drift,
  expired,
  identity,
  ids,
  issued,
  key,
  NOW,
  rejected,
  revocation,
  revokedUsers,
} from '../audit/events.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { type CapturedTerminal, capturedTerminal } from './captured-terminal.ts';
import { eventually } from '../support/eventually.ts';

const clock = { now: () => NOW };

afterEach(() => vi.unstubAllEnvs());

/** A store with these events, its writer still open. */
async function openStoreWith(events: readonly AuditEvent[], more: { file?: string } = {}) {
  const directory = temporaryDirectory();
  const file = more.file ?? join(directory.path, 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  const log = openSqliteLog({ store, clock, retentionSeconds: 86_400 });
  for (const event of events) await log.record(event);
  return {
    file,
    log,
    async [Symbol.asyncDispose]() {
      await log.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

async function audit(
  args: readonly string[],
  { terminal = capturedTerminal(), stop }: { terminal?: CapturedTerminal; stop?: AbortSignal } = {},
): Promise<CapturedTerminal['written']> {
  await auditCommand(terminal, { clock, env: {}, ...(stop && { stop }) })
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(args, { from: 'user' });
  return terminal.written;
}

const lines = (json: string): AuditEvent[] =>
  json
    .split('\n')
    .slice(0, -1)
    .map((line): AuditEvent => JSON.parse(line));

test('records that are not from an exchange are in the table too, with - for what they lack', async () => {
  await using t = await openStoreWith([admin, revocation, expired, revokedUsers, key, drift]);
  const { out } = await audit(['--file', t.file]);
  const who = 'github repo:acme/orders:ref:refs/heads/main';
  const rows = out.split('\n').map((line) => line.split(/ {2,}/).slice(1));
  expect(rows.slice(1, -1)).toEqual([
    ['admin', who, 'revoke-key APP, role orders-publisher (laptop lost)', '-', '10.1.2.6', '-'],
    [
      'revocation',
      who,
      'made: issuer entra, subject alice, blocked (left the company)',
      '-',
      '10.1.2.6',
      '-',
    ],
    ['revocation', '-', 'expired: role orders-publisher (left the company)', '-', '-', '-'],
    ['revoked-users', 'APP', '3 users revoked', '-', '-', '-'],
    ['key', 'APP', 'any role, ACCCCCCC… staged → active (schedule)', '-', '-', '-'],
    ['drift', 'APP', '1 key and 2 revocations lost, restored', '-', '-', '-'],
  ]);
});

function login(more: Partial<LoginEvent>): LoginEvent {
  return {
    type: 'login',
    time: NOW,
    requestId: 'req-9',
    door: 'login',
    address: '10.1.2.9',
    step: 'begun',
    ...more,
  };
}

test('steps of a login are in the table: who, which role, for which program, and why not', async () => {
  const program = 'nats-sts login on\u001b[2J laptop';
  await using t = await openStoreWith([
    login({ issuerName: 'entra' }),
    login({ step: 'signed-in', identity }),
    login({ step: 'failed', issuerName: 'entra', reason: 'login_refused' }),
    login({ step: 'device-begun', program }),
    login({ step: 'handed-over', identity, role: 'orders', program }),
  ]);
  const { out } = await audit(['--file', t.file, '--login']);
  const who = 'github repo:acme/orders:ref:refs/heads/main';
  const shown = String.raw`nats-sts login on\u001b[2J laptop`;
  const rows = out.split('\n').map((line) => line.split(/ {2,}/).slice(1, 4));
  expect(rows.slice(1, -1)).toEqual([
    ['login', 'entra', 'begun'],
    ['login', who, 'signed-in'],
    ['login', 'entra', 'failed (login_refused)'],
    ['login', '-', `device-begun for ${shown}`],
    ['login', who, `handed-over orders for ${shown}`],
  ]);
});

test('people get a table: time, type, identity, role or reason, binding, address, expiry', async () => {
  await using t = await openStoreWith([
    issued({ time: NOW - 3000 }),
    denied({ time: NOW - 2000, role: 'admin', binding: 'near' }),
    rejected({ time: NOW - 1000 }),
  ]);
  const { out, err } = await audit(['--file', t.file]);
  const who = 'github repo:acme/orders:ref:refs/heads/main';
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['TIME', 'TYPE', 'WHO', 'ROLE / REASON', 'BINDING', 'ADDRESS', 'EXPIRES'],
    [
      localTime(NOW - 3000),
      'issued',
      who,
      'orders-publisher',
      'deploy jobs of acme',
      '10.1.2.3',
      'in 15m',
    ],
    [localTime(NOW - 2000), 'denied', who, 'no_binding (admin)', 'near', '10.1.2.4', '-'],
    [localTime(NOW - 1000), 'rejected', '-', 'signature_invalid', '-', '10.1.2.5', '-'],
    [''],
  ]);
  expect(err).toBe('');
});

test('programs get one line of JSON per record, exactly as it was recorded', async () => {
  const events = [issued({ actor: identity }), denied(), rejected({ message: 'esc \u001b[0m' })];
  await using t = await openStoreWith(events);
  const { out } = await audit(['--file', t.file, '--json']);
  expect(lines(out)).toEqual(events);
  expect(out).not.toContain('\u001b');
});

test('a claim cannot send escape sequences to the terminal', async () => {
  const subject = 'evil\u001b]0;owned\u0007\nforged line';
  await using t = await openStoreWith([issued({ identity: { ...identity, subject } })]);
  const { out } = await audit(['--file', t.file]);
  expect(out.split('\n')).toHaveLength(3);
  expect(out).not.toMatch(/[^\P{Cc}\n]/u);
});

describe('options', () => {
  const someone = { ...identity, issuerName: 'entra', subject: 'someone' };
  const events = [
    issued({ requestId: 'i', time: NOW - 7_200_000 }),
    denied({ requestId: 'd', time: NOW - 60_000 }),
    rejected({ requestId: 'r', time: NOW - 30_000 }),
    login({ requestId: 'l', time: NOW - 10_000, reason: 'login_failed', step: 'failed' }),
    issued({ requestId: 'e', identity: someone, role: 'x', binding: 'b', user: 'U2' }),
  ];

  test.each([
    [[], ['i', 'd', 'r', 'l', 'e']],
    [
      ['--since', '1h'],
      ['d', 'r', 'l', 'e'],
    ],
    [['--until', new Date(NOW - 60_000).toISOString()], ['i']],
    [['--issued'], ['i', 'e']],
    [['--denied'], ['d']],
    [['--rejected'], ['r']],
    [['--type', 'rejected'], ['r']],
    [['--type', 'login'], ['l']],
    [['--login'], ['l']],
    [['--reason', 'login_failed'], ['l']],
    [['--issuer', 'entra'], ['e']],
    [['--subject', 'someone'], ['e']],
    [['--role', 'x'], ['e']],
    [['--binding', 'b'], ['e']],
    [['--user', 'U2'], ['e']],
    [['--request-id', 'd'], ['d']],
    [['--reason', 'signature_invalid'], ['r']],
    [['--token-hash', 'b'.repeat(64)], ['r']],
    [
      ['--limit', '2'],
      ['l', 'e'],
    ],
    [
      ['--limit', '2', '--all'],
      ['i', 'd', 'r', 'l', 'e'],
    ],
    [['--issuer', 'github', '--issued'], ['i']],
  ])('%j', async (args, expected) => {
    await using t = await openStoreWith(events);
    const { out } = await audit(['--file', t.file, '--json', ...args]);
    expect(ids(lines(out))).toEqual(expected);
  });

  test.each([
    [['--since', 'yesterday']],
    [['--limit', '0']],
    [['--limit', 'many']],
    [['--type', 'other']],
    [['--issued', '--denied']],
    [['--login', '--denied']],
    [['--issued', '--type', 'denied']],
    [['--unknown']],
  ])('%j is wrong usage', async (args) => {
    await expect(audit(args)).rejects.toThrow(CommanderError);
  });
});

test('says so if nothing matches, and if there is more than it shows', async () => {
  await using t = await openStoreWith([issued(), issued()]);
  expect(await audit(['--file', t.file, '--denied'])).toEqual({
    out: '',
    err: 'no record matches\n',
  });
  const { err } = await audit(['--file', t.file, '--limit', '1']);
  expect(err).toContain('--all');
});

test('--config takes the store from the configuration, and --file overrides it', async () => {
  using directory = temporaryDirectory();
  const terminal = capturedTerminal();
  await initCommand(terminal).parseAsync(['--dir', directory.path], { from: 'user' });
  const config = join(directory.path, 'sts.yaml');
  expect(readFileSync(config, 'utf8')).toContain('./data/sts.db');
  const file = join(dirname(config), 'data', 'sts.db');
  await using _configured = await openStoreWith([issued({ requestId: 'configured' })], { file });
  await using other = await openStoreWith([issued({ requestId: 'other' })]);

  expect((await audit(['--config', config, '--json'])).out).toContain('"configured"');
  vi.stubEnv('STS_CONFIG', config);
  expect((await audit(['--json'])).out).toContain('"configured"');
  expect((await audit(['--config', config, '--file', other.file, '--json'])).out).toContain(
    '"other"',
  );
});

test('without a store or a configuration it says what to do, with the right exit code', async () => {
  using directory = temporaryDirectory();
  const missing = audit(['--file', join(directory.path, 'none.db')]);
  await expect(missing).rejects.toThrow(CliError);
  await expect(missing).rejects.toMatchObject({ exitCode: ExitCode.unavailable });
  vi.stubEnv('STS_CONFIG', undefined);
  await expect(audit([])).rejects.toMatchObject({ exitCode: ExitCode.usage });
});

test('--follow shows existing and new records under one header', async () => {
  await using t = await openStoreWith([issued({ requestId: 'first' })]);
  const terminal = capturedTerminal();
  const stop = new AbortController();
  const done = audit(['--file', t.file, '--follow'], { terminal, stop: stop.signal });
  await t.log.record(denied({ reason: 'role_unknown' }));
  await eventually(() => terminal.written.out.includes('role_unknown'));
  stop.abort();
  const { out } = await done;
  expect(out.match(/TIME/g)).toHaveLength(1);
  expect(out.split('\n')).toHaveLength(4);
});
