import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { AccountAnswer, KeyAnswer } from '../../src/admin-api/keys.ts';
import { removalCommands } from '../../src/cli/keys/nsc-commands.ts';
import { publicKeyOfSeed } from '../../src/nats/key-pair.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import {
  adminAccount,
  adminKey,
  publicKey,
  type Route,
  startAdminService,
} from './admin-service.ts';
import { natsSts, natsStsAt, natsStsWithStdin } from './command-line.ts';

const active = adminKey({ state: 'active', active_at: 1_793_000_000, credentials_alive: 12 });
const staged = adminKey({ state: 'staged' });
const retired = adminKey({ state: 'retired', retired_at: 1_793_000_000, listed: false });

const keysOf =
  (...accounts: readonly AccountAnswer[]): Route =>
  () => [200, { accounts, rotator: { leader: 'sts-0', lease_until: null }, sessions_known: true }];

const OF_APP = keysOf(adminAccount({ keys: [retired, active, staged] }));

describe('keys list', () => {
  test('asks with the token, and shows the keys that are not retired', async () => {
    await using service = await startAdminService({ 'GET /admin/keys': OF_APP });
    const { exitCode, out, err } = await natsSts('keys', 'list', ...service.at);
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(/AACTIVEQ…TIVE {2}active/);
    expect(out).not.toContain('ARETIRED');
    expect(service.asked[0]?.authorization).toBe('Bearer the.admins.token');
  });

  test('shows retired keys with --all, and why they retired', async () => {
    await using service = await startAdminService({ 'GET /admin/keys': OF_APP });
    const { out } = await natsSts('keys', 'list', '--all', ...service.at);
    expect(out).toMatch(/ARETIRED…IRED {2}retired .* \(schedule\)/);
  });

  test('prints the same selection as JSON with --json', async () => {
    const other = adminAccount({ account: 'LAB', keys: [active] });
    const both = keysOf(adminAccount({ keys: [retired, active] }), other);
    await using service = await startAdminService({ 'GET /admin/keys': both });
    const args = ['keys', 'list', '--json', '--account', 'APP', ...service.at];
    const { accounts } = JSON.parse((await natsSts(...args)).out) as { accounts: AccountAnswer[] };
    expect(accounts).toEqual([adminAccount({ keys: [active] })]);
  });

  test('names the accounts if the account does not exist', async () => {
    await using service = await startAdminService({ 'GET /admin/keys': OF_APP });
    const { exitCode, err } = await natsSts('keys', 'list', '--account', 'APPS', ...service.at);
    expect(exitCode).toBe(1);
    expect(err).toContain('there is no account APPS; accounts: APP');
  });

  test('fails on an answer that does not fit the contract', async () => {
    await using service = await startAdminService({ 'GET /admin/keys': () => [200, { keys: [] }] });
    const { exitCode, err } = await natsSts('keys', 'list', ...service.at);
    expect(exitCode).toBe(1);
    expect(err).toContain('admin/keys answered 200, but not as nats-sts does');
  });

  test('a denial says which setting names the administrators', async () => {
    const denied: Route = () => [403, { code: 'access_denied', detail: 'Not you.' }];
    await using service = await startAdminService({ 'GET /admin/keys': denied });
    const { exitCode, err } = await natsSts('keys', 'list', ...service.at);
    expect(exitCode).toBe(3);
    expect(err).toBe(
      'nats-sts: access_denied: Not you.\n`admin` in the configuration of the service says who may do this.\n',
    );
  });

  test('without a token is wrong usage', async () => {
    vi.stubEnv('STS_TOKEN', undefined);
    expect(await natsSts('keys', 'list')).toMatchObject({ exitCode: 2 });
    vi.unstubAllEnvs();
  });
});

describe('an external account that runs low on keys', () => {
  const template = {
    pub: { allow: ['orders.{{tag(repository_id)}}.>', 'a,b', "it's"], deny: ['orders.$(id).x'] },
    sub: { allow: ['_INBOX.>'], deny: ['x queue'] },
    resp: { max: 5, ttl: 2_000_000_000 },
    subs: 10,
    data: -1,
    payload: 1024,
    src: ['10.0.0.0/8'],
    times: [{ start: '08:00:00', end: '17:00:00' }],
    times_location: 'Europe/Zurich',
    allowed_connection_types: ['STANDARD', 'WEBSOCKET'],
  };
  const low = adminAccount({
    account: 'LAB',
    kind: 'external',
    spare_keys: 1,
    keys: [
      { ...active, slot: 'orders' },
      { ...staged, slot: 'orders' },
    ],
    slots: [{ slot: 'orders', template, signs: 'current' }],
  });

  async function listed(account: AccountAnswer): Promise<string> {
    await using service = await startAdminService({ 'GET /admin/keys': keysOf(account) });
    return (await natsSts('keys', 'list', ...service.at)).out;
  }

  /** The lines of the script that it prints. */
  const script = (out: string): string =>
    /with nsc:\n([^]*?)\n Then/.exec(out)?.[1]?.replaceAll(/^ {3}/gm, '') ?? '';

  test('gets the commands that add the next one, with the permissions of the role', async () => {
    const out = await listed(low);
    expect(out).toContain('Only one unused key is left for role orders of LAB.');
    expect(script(out).split('\n').slice(3)).toEqual([
      'nsc edit account --name LAB --sk "$sk"',
      'nsc edit signing-key --account LAB --sk "$sk" --role orders \\',
      "  --allow-pub 'orders.{{tag(repository_id)}}.>' \\",
      `  --allow-pub '"a,b"' \\`,
      String.raw`  --allow-pub 'it'\''s' ` + '\\',
      "  --deny-pub 'orders.$(id).x' \\",
      "  --allow-sub '_INBOX.>' \\",
      "  --deny-sub 'x queue' \\",
      '  --allow-pub-response=5 \\',
      '  --response-ttl 2000000000ns \\',
      '  --subs=10 \\',
      '  --data=-1 \\',
      '  --payload=1024 \\',
      "  --source-network '10.0.0.0/8' \\",
      "  --time '08:00:00-17:00:00' \\",
      "  --locale 'Europe/Zurich' \\",
      '  --conn-type STANDARD \\',
      '  --conn-type WEBSOCKET',
      'nsc push --account LAB',
    ]);
    expect(out).toMatch(/- \{ seed: \{ file: "LAB-orders-[\d-]+\.nk" \}, role: "orders" \}/);
  });

  test('gets no commands that would make a scoped key without permissions', async () => {
    expect(await listed({ ...low, slots: [] })).toContain(
      'does not send the permissions of this role',
    );
  });

  test.each<[string, Partial<AccountAnswer>]>([
    ['does not rotate', { next_rotation_at: null }],
    ['has enough', { keys: [...low.keys, { ...staged, slot: 'orders' }] }],
    ['is managed', { kind: 'managed' }],
  ])('that %s gets none', async (_, change) => {
    expect(await listed({ ...low, ...change })).not.toContain('nsc ');
  });

  const nsc = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'nsc'))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());

  test.runIf(nsc)('gets commands that the real nsc accepts', async () => {
    using directory = temporaryDirectory();
    const [home, bin] = [join(directory.path, 'home'), join(directory.path, 'bin')];
    mkdirSync(bin);
    // With its own store, and without a server to push to.
    const wrapper = `#!/bin/sh\n[ "$1" = push ] || exec ${nsc} -H ${home} "$@"\n`;
    writeFileSync(join(bin, 'nsc'), wrapper, { mode: 0o755 });
    const run = (text: string): string =>
      execFileSync('sh', ['-ec', text], {
        cwd: directory.path,
        env: { PATH: `${bin}:${process.env['PATH']}`, HOME: home },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    run('nsc add operator O 2>&1; nsc add account LAB 2>&1');
    const out = await listed(low);
    run(script(out));
    const file = join(directory.path, /file: "([^"]+)"/.exec(out)?.[1] ?? '');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const account = JSON.parse(run('nsc describe account LAB --json 2>&1')) as {
      nats: { signing_keys: object[] };
    };
    const key = publicKeyOfSeed(readFileSync(file, 'utf8').trim()) ?? '';
    expect(account.nats.signing_keys).toEqual([
      {
        kind: 'user_scope',
        key,
        role: 'orders',
        template: { ...template, pub: { ...template.pub, allow: template.pub.allow.toSorted() } },
      },
    ]);
    run(removalCommands('LAB', key).join('\n'));
    expect(run('nsc describe account LAB --json 2>&1')).not.toContain(key);
  });
});

describe('keys rotate', () => {
  const rotation: Route = () => [202, { requested: [{ account: 'APP', slot: '*' }] }];

  test('says that nobody is disconnected, asks, and rotates the selected keys', async () => {
    await using service = await startAdminService({
      'GET /admin/keys': OF_APP,
      'POST /admin/keys/rotate': rotation,
    });
    const args = ['keys', 'rotate', '--account', 'APP', '--role', 'orders', ...service.at];
    const { exitCode, out, err } = await natsStsAt({ answer: 'y' }, ...args);
    expect(err).toMatch(
      /^Rotates the signing keys of role orders of account APP\.\n[^]*nobody is disconnected/,
    );
    expect([exitCode, out]).toEqual([0, 'requested: APP, any role\n']);
    expect(service.changes().map(({ body }) => body)).toEqual([{ account: 'APP', role: 'orders' }]);
  });

  test.each(['', 'n', 'no', 'yesterday'])(
    'does nothing when the answer is "%s"',
    async (answer) => {
      await using service = await startAdminService({ 'GET /admin/keys': OF_APP });
      const { exitCode, err } = await natsStsAt({ answer }, 'keys', 'rotate', ...service.at);
      expect(exitCode).toBe(1);
      expect(err).toContain('not confirmed: nothing was changed');
      expect(service.changes()).toEqual([]);
    },
  );

  test('waits with --wait until another key signs, and prints that', async () => {
    const next = { ...active, public_key: publicKey('ANEXT') };
    let rotated = false;
    await using service = await startAdminService({
      'GET /admin/keys': (asked) =>
        keysOf(adminAccount({ keys: [rotated ? next : active] }))(asked),
      'POST /admin/keys/rotate': (asked) => {
        rotated = true;
        return rotation(asked);
      },
    });
    const { out } = await natsSts('keys', 'rotate', '--yes', '--wait', ...service.at);
    expect(out).toBe(`APP, any role: ${next.public_key} is active, replacing AACTIVEQ…TIVE\n`);
  });

  test('makes one call with --yes, so a single-use token is enough', async () => {
    await using service = await startAdminService({ 'POST /admin/keys/rotate': rotation });
    const { exitCode, out } = await natsSts('keys', 'rotate', '--yes', ...service.at);
    expect([exitCode, out]).toEqual([0, 'requested: APP, any role\n']);
    expect(service.asked).toHaveLength(1);
  });

  test('a confirmed rotation with a single-use token fails and says how to make one call', async () => {
    const reused: Route = () => [
      401,
      { code: 'invalid_token', reason: 'token_reused', detail: 'The token was used before.' },
    ];
    await using service = await startAdminService({
      'GET /admin/keys': OF_APP,
      'POST /admin/keys/rotate': reused,
    });
    const args = ['keys', 'rotate', ...service.at];
    const { exitCode, err } = await natsStsAt({ answer: 'y' }, ...args);
    expect(exitCode).toBe(3);
    expect(err).toMatch(/used before\.\n.*use --yes.*, and give keys in full\.\n$/);
  });

  test('of external keys says that NATS still accepts the old key, and how to remove it', async () => {
    const lab = adminAccount({
      account: 'LAB',
      kind: 'external',
      keys: [
        { ...active, slot: 'orders' },
        { ...active, public_key: publicKey('AOTHER') },
      ],
    });
    await using service = await startAdminService({
      'GET /admin/keys': keysOf(adminAccount({ keys: [active] }), lab),
    });
    const asked = async (...args: string[]) =>
      (await natsStsAt({ answer: 'n' }, 'keys', 'rotate', ...args, ...service.at)).err;
    const orders = await asked('--role', 'orders');
    expect(orders).toContain(`  nsc edit account --name LAB --rm-sk ${active.public_key}\n`);
    expect(orders).not.toContain(publicKey('AOTHER'));
    expect(await asked()).toContain(
      `  nsc edit account --name LAB --rm-sk ${publicKey('AOTHER')}\n`,
    );
    expect(await asked('--account', 'APP')).not.toContain('nsc ');
  });

  test('waits no longer than --timeout, then names what it waited for', async () => {
    await using service = await startAdminService({
      'GET /admin/keys': OF_APP,
      'POST /admin/keys/rotate': rotation,
    });
    const args = ['keys', 'rotate', '--yes', '--wait', '--timeout', '1s', ...service.at];
    const { exitCode, err } = await natsSts(...args);
    expect(exitCode).toBe(5);
    expect(err).toContain('no new active key after 1s for: APP, any role');
  });
});

describe('keys revoke', () => {
  const revoked: Route = () => [
    200,
    {
      public_key: active.public_key,
      account: 'APP',
      kind: 'managed',
      slot: '*',
      credentials_cut: 12,
    },
  ];
  const routes = (keys: KeyAnswer[], kind: AccountAnswer['kind'] = 'managed') => ({
    'GET /admin/keys': keysOf(adminAccount({ kind, keys })),
    [`POST /admin/keys/${active.public_key}/revoke`]: revoked,
  });
  const why = ['--reason', 'leaked'];

  test('names the key, account, slot and what it revokes before it asks', async () => {
    await using service = await startAdminService(routes([{ ...active, sessions: 1 }, staged]));
    const args = ['keys', 'revoke', active.public_key, ...why, ...service.at];
    const { exitCode, out, err } = await natsStsAt({ answer: 'yes' }, ...args);
    expect(err).toContain(`Revokes the active signing key ${active.public_key}\n`);
    expect(err).toContain(
      'of account APP, any role.\nThis also revokes 12 credentials and ends 1 connection at once',
    );
    expect(err).toContain('get a credential from the next key');
    expect([exitCode, out]).toEqual([
      0,
      `revoked ${active.public_key}, any role of account APP, and 12 credentials with it\n`,
    ]);
    expect(service.changes().map(({ body }) => body)).toEqual([{ reason: 'leaked' }]);
  });

  test.each<[string, KeyAnswer[]]>([
    ['no other', [active]],
    ['one that is not on every server', [active, { ...staged, listed: false }]],
    ['one of another role', [active, { ...staged, slot: 'orders' }]],
  ])('warns that exchanges stop where there is %s to take over', async (_, keys) => {
    await using service = await startAdminService(routes(keys));
    const args = ['keys', 'revoke', active.public_key, ...why, ...service.at];
    const { err } = await natsStsAt({ answer: 'n' }, ...args);
    expect(err).toContain('exchanges that need one are refused (503)');
  });

  test('accepts a key as keys list shows it', async () => {
    await using service = await startAdminService(routes([active, staged]));
    const args = ['keys', 'revoke', 'AACTIVEQ…TIVE', ...why, '--yes', ...service.at];
    expect(await natsSts(...args)).toMatchObject({ exitCode: 0, err: '' });
    expect(service.changes()).toHaveLength(1);
  });

  test.each([
    ['AACTIVE', 1, 'there is no key AACTIVE'],
    [publicKey('AOTHER'), 1, 'there is no key AOTHER'],
    [retired.public_key, 1, 'is already retired'],
  ])('of %s is refused', async (key, expected, message) => {
    await using service = await startAdminService(routes([active, retired]));
    const args = ['keys', 'revoke', key, ...why, ...service.at];
    const { exitCode, err } = await natsStsAt({ answer: 'y' }, ...args);
    expect(exitCode).toBe(expected);
    expect(err).toContain(message);
    expect(service.changes()).toEqual([]);
  });

  test('makes one call for a full key with --yes, so a single-use token is enough', async () => {
    await using service = await startAdminService(routes([active, staged]));
    const args = ['keys', 'revoke', active.public_key, ...why, '--yes', ...service.at];
    expect(await natsSts(...args)).toMatchObject({ exitCode: 0, err: '' });
    expect(service.asked.map(({ method }) => method)).toEqual(['POST']);
  });

  const LEFT_TO_DO = `  nsc edit account --name APP --rm-sk ${active.public_key}\n  nsc push --account APP\n`;

  test('of an external key says that nobody is disconnected until the account JWT drops it, and how to do that', async () => {
    await using service = await startAdminService(routes([active, staged], 'external'));
    const args = ['keys', 'revoke', active.public_key, ...why, ...service.at];
    const { err } = await natsStsAt({ answer: 'n' }, ...args);
    expect(err).toContain(
      'Nobody is disconnected yet: 12 credentials still work.\nAnyone who has this key can still sign',
    );
    expect(err).toContain(LEFT_TO_DO);
    expect(err).not.toContain('disconnects ');
  });

  test('of an external key says the same afterwards, with --yes', async () => {
    await using service = await startAdminService({
      [`POST /admin/keys/${active.public_key}/revoke`]: () => [
        200,
        {
          public_key: active.public_key,
          account: 'APP',
          kind: 'external',
          slot: '*',
          credentials_cut: 0,
        },
      ],
    });
    const args = ['keys', 'revoke', active.public_key, ...why, '--yes', ...service.at];
    const { out } = await natsSts(...args);
    expect(out).toContain(
      'any role of account APP: nats-sts no longer signs with it\nAnyone who has this key can still sign',
    );
    expect(out).toContain(LEFT_TO_DO);
  });

  test('needs the full key if two look alike', async () => {
    const twin = { ...active, public_key: active.public_key.replace('QQTIVE', 'RRTIVE') };
    await using service = await startAdminService(routes([active, twin]));
    const args = ['keys', 'revoke', 'AACTIVEQ…TIVE', ...why, '--yes', ...service.at];
    const { exitCode, err } = await natsSts(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain('give the key in full');
    expect(service.changes()).toEqual([]);
  });

  test('needs a reason', async () => {
    const { exitCode, err } = await natsSts('keys', 'revoke', active.public_key);
    expect(exitCode).toBe(2);
    expect(err).toContain('--reason');
  });

  test('needs --yes if stdin is not a terminal', async () => {
    await using service = await startAdminService(routes([active, staged]));
    const args = ['keys', 'revoke', active.public_key, ...why, ...service.at];
    const { exitCode, err } = await natsStsWithStdin('y\n', ...args);
    expect(exitCode).toBe(2);
    expect(err).toContain('12 credentials');
    expect(err).toContain('stdin is not a terminal: nothing was changed. Use --yes to go ahead.');
    expect(service.changes()).toEqual([]);
  });
});
