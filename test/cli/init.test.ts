import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { CommanderError } from 'commander';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { CliError, ExitCode } from '../../src/cli/exit-codes.ts';
import { INBOX_PREFIX } from '../../src/account/system/permissions.ts';
import { initCommand } from '../../src/cli/init.ts';
import { writeAll } from '../../src/cli/init/write-files.ts';
import { stsYaml } from '../../src/cli/init/sts-yaml.ts';
import { loadConfig } from '../../src/config/load.ts';
import { account as accountBody } from '../support/account-body.ts';
import { formatCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, keyPairFromSeed } from '../../src/nats/key-pair.ts';
import { directUser } from '../../src/nats/user-claims.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { strangersText } from './strangers-text.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

async function init(...args: string[]): Promise<string> {
  const terminal = capturedTerminal();
  await initCommand(terminal)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(args, { from: 'user' });
  return terminal.written.out;
}

const EVERYTHING = [
  'keys/.gitignore',
  'keys/app.nk',
  'keys/operator-signing.nk',
  'keys/operator.nk',
  'keys/sealing.key',
  'keys/sts-system.creds',
  'keys/sys-signing.nk',
  'keys/sys.creds',
  'keys/sys.nk',
  'nats-server.conf',
  'operator.jwt',
  'sts.yaml',
];

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a real server starts with the files, accepts account JWTs from nats-sts, and denies it everything else', async () => {
  using directory = temporaryDirectory();
  const dir = join(directory.path, 'a "quoted" place');
  await init('--dir', dir);
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  await using server = await startNatsServer({ config: read('nats-server.conf') });
  const config = loadConfig(join(dir, 'sts.yaml'), { env: {} });
  const account = config.accounts[0]?.publicKey ?? '';
  const sts = await connect({
    servers: server.url,
    authenticator: credsAuthenticator(readFileSync(config.nats.system?.credsFile ?? '')),
    inboxPrefix: INBOX_PREFIX,
    timeout: PATIENCE_MILLISECONDS,
  });

  const operatorKey = keyPairFromSeed(config.nats.operatorSigningKey ?? '');
  const signingKey = createKeyPair('account');
  const pushed = await sts.request(
    '$SYS.REQ.CLAIMS.UPDATE',
    encodeJwt({
      claims: {
        sub: account,
        name: 'APP',
        iat: Math.floor(Date.now() / 1000) + 1,
        nats: accountBody({ signing_keys: [signingKey.publicKey] }),
      },
      issuerPublicKey: operatorKey.publicKey,
      sign: operatorKey.sign,
    }),
    { timeout: PATIENCE_MILLISECONDS },
  );
  expect(pushed.json()).toMatchObject({ data: { account, code: 200 } });
  const login = (creds: string) =>
    connect({
      servers: server.url,
      authenticator: credsAuthenticator(Buffer.from(creds)),
      timeout: PATIENCE_MILLISECONDS,
    });
  const application = await login(userOf(account, signingKey.seed()));
  const question = JSON.stringify({ account });
  const answer = await sts.request('$SYS.REQ.SERVER.PING.ACCOUNTZ', question, {
    timeout: PATIENCE_MILLISECONDS,
  });
  expect(answer.json()).toMatchObject({
    data: { account_detail: { account_name: account, name_tag: 'APP' } },
  });

  const refused = { operation: 'subscription', subject: '$SYS.ACCOUNT.*.CONNECT' };
  const refusal = new Promise((resolve) => {
    sts.subscribe(refused.subject, { callback: (error) => resolve(error) });
  });
  expect(await refusal).toMatchObject(refused);
  const human = await login(read('keys/sys.creds'));
  human.subscribe(refused.subject);
  await human.flush();
  expect(human.isClosed()).toBe(false);
  await Promise.all([application.close(), sts.close(), human.close()]);
  // The resolver's directory is beside the configuration, whatever the server's working directory.
  expect(readdirSync(join(dir, 'jwt'))).toContain(`${account}.jwt`);
});

test('with --external a user signed by the new signing key can connect', async () => {
  using directory = temporaryDirectory();
  const out = await init('--dir', directory.path, '--external');
  expect(filesIn(directory.path)).toEqual(
    [
      ...EVERYTHING.filter((file) => !['keys/sealing.key', 'keys/sts-system.creds'].includes(file)),
      'keys/app-signing.nk',
    ].sort(),
  );
  expect(out).toContain('signs users of APP');
  const conf = readFileSync(join(directory.path, 'nats-server.conf'), 'utf8');
  await using server = await startNatsServer({ config: conf });
  const { accounts, nats, sealingKeys } = loadConfig(join(directory.path, 'sts.yaml'), { env: {} });
  expect({ nats, sealingKeys }).toEqual({
    nats: { servers: ['nats://127.0.0.1:4222'], maxControlLineBytes: 4096 },
    sealingKeys: [],
  });
  const [account] = accounts;
  const creds = userOf(account?.publicKey ?? '', account?.signingKeys[0]?.seed ?? '');
  const authenticator = credsAuthenticator(Buffer.from(creds));
  const application = await connect({
    servers: server.url,
    authenticator,
    timeout: PATIENCE_MILLISECONDS,
  });
  await application.close();
});

/** Creds of a user signed by this signing key of the account. */
function userOf(account: string, seed: string): string {
  const signingKey = keyPairFromSeed(seed);
  const user = createKeyPair('user');
  const iat = Math.floor(Date.now() / 1000);
  const jwt = encodeJwt({
    claims: { sub: user.publicKey, iat, nats: directUser({ issuer_account: account }) },
    issuerPublicKey: signingKey.publicKey,
    sign: signingKey.sign,
  });
  return formatCreds({ jwt, seed: user.seed() });
}

test('every secret is readable by this user only, and marked as secret', async () => {
  using directory = temporaryDirectory();
  const out = await init('--dir', directory.path);
  expect(filesIn(directory.path)).toEqual(EVERYTHING);
  expect(mode(join(directory.path, 'keys'))).toBe('700');
  const holdsSeed = /\bS[OAU][A-Z2-7]{56}\b/;
  for (const file of EVERYTHING) {
    const path = join(directory.path, file);
    const secret = file.startsWith('keys/') && file !== 'keys/.gitignore';
    expect([file, mode(path)]).toEqual([file, secret ? '600' : '644']);
    const line = out.split('\n').find((line) => line.includes(`${file} `));
    expect([file, line?.includes(' secret ')]).toEqual([file, secret]);
    expect(secret || !holdsSeed.test(readFileSync(path, 'utf8'))).toBe(true);
  }
  expect(out).not.toMatch(holdsSeed);
});

test('the next steps are commands to paste, with the chosen ports', async () => {
  using directory = temporaryDirectory();
  const at = (name: string): string => join(directory.path, name);
  const next = (out: string): string[] => out.split('Next:\n')[1]?.trim().split(/\n */) ?? [];
  expect(next(await init('--dir', at('a')))).toEqual([
    `nats-server -c ${at('a/nats-server.conf')}`,
    `nats-sts serve --config ${at('a/sts.yaml')}`,
    'nats-sts exchange --token-file token --out app.creds',
    'nats --server nats://127.0.0.1:4222 --creds app.creds pub app.hello world',
  ]);
  expect(next(await init('--dir', at('b'), '--port', '9090'))[2]).toBe(
    'nats-sts exchange --url http://127.0.0.1:9090 --token-file token --out app.creds',
  );
});

test('nats-sts loads the configuration unchanged, from any working directory', async () => {
  using directory = temporaryDirectory();
  await init(
    '--dir',
    directory.path,
    '--port',
    '9090',
    '--nats-port',
    '5222',
    '--account',
    'Lab_1',
  );
  const config = loadConfig(join(directory.path, 'sts.yaml'), { env: {} });
  expect(config.listen.port).toBe(9090);
  expect(config.nats.servers).toEqual(['nats://127.0.0.1:5222']);
  expect(config.store.sqliteFile).toBe(join(directory.path, 'data', 'sts.db'));
  expect(config.accounts.map(({ name }) => name)).toEqual(['Lab_1']);
  const read = (name: string): string => readFileSync(join(directory.path, name), 'utf8').trim();
  expect(config).toMatchObject({
    accounts: [{ kind: 'managed', rotation: { everySeconds: 30 * 86_400 } }],
    nats: {
      system: { credsFile: join(directory.path, 'keys', 'sts-system.creds') },
      operatorSigningKey: read('keys/operator-signing.nk'),
      operatorJwt: read('operator.jwt'),
    },
    sealingKeys: [Buffer.from(read('keys/sealing.key'), 'base64')],
    admin: [],
  });
  expect(config.bindings).toEqual([]);
  // The only warnings are about what is left to do.
  expect(config.warnings.map(({ id }) => id)).toEqual([
    'no-bindings',
    'role-unused',
    'shared-inbox',
    'admin-absent',
  ]);
});

test.each([
  [
    ['--preset', 'github-actions', '--audience', 'https://sts.example.com'],
    { name: 'github', issuers: ['https://token.actions.githubusercontent.com'] },
  ],
  [
    ['--issuer', 'https://login.example.com/', '--audience', 'a: #b'],
    { name: 'main', issuers: ['https://login.example.com/'], audiences: ['a: #b'] },
  ],
  [
    ['--issuer', 'http://127.0.0.1:9000', '--audience', 'nats-sts'],
    { issuers: ['http://127.0.0.1:9000'], allowInsecureHttp: true },
  ],
  [
    ['--preset', 'kubernetes', '--issuer', 'https://k8s.example.com', '--audience', 'nats-sts'],
    { name: 'kubernetes', issuers: ['https://k8s.example.com'] },
  ],
])('%j becomes an issuer that the configuration accepts', async (args, expected) => {
  using directory = temporaryDirectory();
  await init('--dir', directory.path, ...args);
  const { issuers } = loadConfig(join(directory.path, 'sts.yaml'), { env: {} });
  expect(issuers).toHaveLength(1);
  expect(issuers[0]).toMatchObject(expected);
});

test('--match becomes a binding; without it, init says that nobody gets a credential', async () => {
  using directory = temporaryDirectory();
  const at = (name: string): string => join(directory.path, name);
  const bound = await init('--dir', at('a'), '--match', 'sub=me=you', '--match', 'team=no');
  const { bindings } = loadConfig(join(at('a'), 'sts.yaml'), { env: {} });
  expect(bindings).toEqual([
    { name: 'first', issuer: 'github', match: { sub: 'me=you', team: 'no' }, roles: ['starter'] },
  ]);
  expect(bound).not.toContain('Nobody gets a credential yet');
  expect(await init('--dir', at('b'))).toContain('Nobody gets a credential yet');
});

test('--admin becomes a rule for administrators', async () => {
  using directory = temporaryDirectory();
  await init('--dir', directory.path, '--admin', 'groups=nats-operators', '--admin', 'tid=7');
  const { admin } = loadConfig(join(directory.path, 'sts.yaml'), { env: {} });
  expect(admin).toMatchObject([
    { issuer: 'github', match: { groups: 'nats-operators', tid: '7' } },
  ]);
});

test('any claim and value survives the YAML unchanged', () => {
  const word = strangersText({ minLength: 1 });
  fc.assert(
    fc.property(word, word, word, (claim, value, audience) => {
      const settings = { issuer: 'https://login.example.com', audience };
      const yaml = stsYaml({
        port: 8080,
        servers: ['nats://127.0.0.1:4222'],
        account: { name: 'APP', publicKey: 'A', signingKeyFile: './keys/app-signing.nk' },
        issuer: { name: 'main', settings },
        match: Object.fromEntries([[claim, value]]),
        admin: Object.fromEntries([[claim, value]]),
      });
      const document: unknown = parse(yaml);
      expect(document).toMatchObject({
        issuers: { main: settings },
        bindings: [{ match: Object.fromEntries([[claim, value]]), roles: ['starter'] }],
        admin: [{ issuer: 'main', match: Object.fromEntries([[claim, value]]) }],
      });
    }),
  );
});

test('a second run fails, names the existing files, and changes nothing', async () => {
  using directory = temporaryDirectory();
  await init('--dir', directory.path);
  const before = readFileSync(join(directory.path, 'keys/operator.nk'), 'utf8');
  const again = init('--dir', directory.path);
  await expect(again).rejects.toThrow(CliError);
  await expect(again).rejects.toMatchObject({
    exitCode: ExitCode.failed,
    message: expect.stringContaining('sts.yaml'),
  });
  expect(readFileSync(join(directory.path, 'keys/operator.nk'), 'utf8')).toBe(before);
  expect(filesIn(directory.path)).toEqual(EVERYTHING);
});

test('one existing file is enough to fail before anything is written', async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, 'sts.yaml'), 'mine');
  await expect(init('--dir', directory.path)).rejects.toThrow(CliError);
  expect(filesIn(directory.path)).toEqual(['sts.yaml']);
});

test('--force overwrites all files, and removes the permissions of others', async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'keys'), { mode: 0o755 });
  const key = join(directory.path, 'keys', 'operator.nk');
  writeFileSync(key, 'old', { mode: 0o644 });
  await init('--dir', directory.path, '--force');
  expect(readFileSync(key, 'utf8')).toMatch(/^SO[A-Z2-7]{56}\n$/);
  expect([mode(key), mode(join(directory.path, 'keys'))]).toEqual(['600', '700']);
  expect(filesIn(directory.path)).toEqual(EVERYTHING);
});

test('if it cannot write, it says why and leaves nothing behind', async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, 'keys'), 'a file where a directory should be');
  const failed = init('--dir', directory.path);
  await expect(failed).rejects.toThrow(CliError);
  await expect(failed).rejects.toMatchObject({
    exitCode: ExitCode.failed,
    message: expect.stringContaining(join(directory.path, 'keys')),
  });
  expect(filesIn(directory.path)).toEqual(['keys']);

  const inside = init('--dir', join(directory.path, 'keys', 'deeper'));
  await expect(inside).rejects.toMatchObject({ exitCode: ExitCode.failed });
});

test('writes all files and directories, or none', () => {
  using directory = temporaryDirectory();
  const file = (path: string) => ({ path, content: 'x', secret: true });
  // The last one fails: its name is a directory by then.
  const files = [file('new/deep/a'), file('new/deep/b/c'), file('new/deep/b')];
  expect(() => writeAll(directory.path, files.toReversed())).toThrow(/EISDIR/);
  expect(readdirSync(directory.path)).toEqual([]);
});

test.each([
  [[]],
  [['--dir', 'x', '--port', '0']],
  [['--dir', 'x', '--port', '65536']],
  [['--dir', 'x', '--nats-port', 'http']],
  [['--dir', 'x', '--account', 'a/b']],
  [['--dir', 'x', '--account', 'sys']],
  [['--dir', 'x', '--account', 'Operator-signing']],
  [['--dir', 'x', '--operator', '']],
  [['--dir', 'x', '--match', 'sub']],
  [['--dir', 'x', '--admin', 'sub']],
])('%j is wrong usage', async (args) => {
  await expect(init(...args)).rejects.toThrow(CommanderError);
});

test.each([
  [['--audience', 'a']],
  [['--issuer', 'https://login.example.com']],
  [['--issuer', 'http://login.example.com', '--audience', 'a']],
  [['--issuer', 'no url', '--audience', 'a']],
  [['--preset', 'entra', '--audience', 'a']],
  [['--preset', 'unheard-of', '--audience', 'a']],
])('%j is wrong usage, and writes nothing', async (args) => {
  using directory = temporaryDirectory();
  await expect(init('--dir', directory.path, ...args)).rejects.toMatchObject({
    exitCode: ExitCode.usage,
  });
  expect(filesIn(directory.path)).toEqual([]);
});
