import { chmodSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findNatsCli, runNats } from '../../support/nats-cli.ts';
import { natsSts } from '../command-line.ts';
import { loginHome } from '../login-home.ts';
import { type LoginService, startLoginService } from '../login-service.ts';

const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);

type Home = ReturnType<typeof loginHome>;

/** A nats context that nats-sts did not make. */
function writeForeign(home: Home, name: string, context: object): string {
  const file = home.at(`nats/context/${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(context));
  return JSON.stringify(context);
}

describe('what is written', () => {
  test('is readable only by its owner, also if others could read it before', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    mkdirSync(home.at('nats-sts'), { mode: 0o755 });
    chmodSync(home.at('nats-sts'), 0o755);
    writeFileSync(home.at('nats-sts/orders.creds'), 'old', { mode: 0o644 });
    await login(service);
    expect(home.mode('nats-sts')).toBe(0o700);
    for (const file of home.files()) expect([file, home.mode(file)]).toEqual([file, 0o600]);
    expect(home.mode('nats-sts/sessions.lock')).toBe(0o600);
    expect(home.read('nats-sts/orders.creds')).toContain('BEGIN USER NKEY SEED');
  });

  test('keeps a symbolic link, and replaces its target, readable only by its owner', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    mkdirSync(home.at('nats-sts'));
    writeFileSync(home.at('elsewhere'), 'before', { mode: 0o644 });
    symlinkSync(home.at('elsewhere'), home.at('nats-sts/orders.creds'));
    expect(await login(service)).toMatchObject({ exitCode: 0 });
    expect(home.read('elsewhere')).toContain('BEGIN NATS USER JWT');
    expect(home.mode('elsewhere')).toBe(0o600);
    expect(lstatSync(home.at('nats-sts/orders.creds')).isSymbolicLink()).toBe(true);
  });

  test('has the name from --context', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const { out } = await login(service, '--context', 'dev@home', '--no-select');
    expect(home.files()).toEqual([
      'nats-sts/dev@home.creds',
      'nats-sts/sessions.json',
      'nats/context/dev@home.json',
    ]);
    expect(out).toContain('try: nats --context dev@home pub orders.test.test hello');
  });

  test('is nothing if the session file is not ours: login says so and leaves the file alone', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    mkdirSync(home.at('nats-sts'));
    for (const content of ['{', '[]', '{"version":2,"services":{}}', 's3cret']) {
      writeFileSync(home.at('nats-sts/sessions.json'), content);
      const { exitCode, err } = await login(service);
      expect(exitCode).toBe(1);
      expect(err).toContain('sessions.json is not a file that this nats-sts can read');
      expect(err).not.toContain('s3cret');
      expect(home.read('nats-sts/sessions.json')).toBe(content);
    }
  });
});

describe('a nats context', () => {
  test('of the same name that is not ours is left alone: the new name has the host appended', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const before = writeForeign(home, 'orders', { url: 'nats://production', user: 'me' });
    const { exitCode, out } = await login(service);
    expect(exitCode).toBe(0);
    expect(home.read('nats/context/orders.json')).toBe(before);
    const name = `orders@${new URL(service.url).host.replace(':', '-')}`;
    expect(out).toContain(`nats context ${name} (selected)`);
    expect(out).toContain(
      'it is not called orders, because the nats context orders exists and was not made by nats-sts login\n',
    );
    expect(home.has(`nats-sts/${name}.creds`)).toBe(true);
    expect((await login(service)).out).not.toContain('because');
    expect(home.service(service.url)?.credentials).toHaveLength(1);
  });

  test('of the same role at another service is left alone, too', async () => {
    using home = loginHome();
    await using one = await startLoginService();
    await using two = await startLoginService();
    await login(one);
    const before = home.read('nats/context/orders.json');
    const { out } = await login(two);
    expect(out).toContain(`because the nats context orders belongs to ${one.url}/\n`);
    expect(home.read('nats/context/orders.json')).toBe(before);
    expect(home.service(two.url)?.credentials[0]?.context).toMatch(/^orders@127/);
  });

  test('that is not ours is refused by name before anybody signs in', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const before = writeForeign(home, 'mine', { url: 'nats://production' });
    const { exitCode, err } = await login(service, '--context', 'mine');
    expect(exitCode).toBe(1);
    expect(err).toContain('exists and was not made by nats-sts login');
    expect(err).toContain('--force');
    expect(home.read('nats/context/mine.json')).toBe(before);
    expect(service.asked).toEqual([]);
  });

  test('that is not ours is replaced completely with --force', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    writeForeign(home, 'mine', { url: 'nats://production', user: 'me', password: 'p' });
    expect(await login(service, '--context', 'mine', '--force')).toMatchObject({ exitCode: 0 });
    expect(home.json('nats/context/mine.json')).toMatchObject({
      url: expect.stringContaining('127.0.0.1:4222'),
      user: '',
      password: '',
    });
  });

  test("has the inbox prefix of the role, until the role has none; the person's own stays", async () => {
    using home = loginHome();
    await using service = await startLoginService();
    const prefix = () => home.json('nats/context/orders.json')['inbox_prefix'];
    service.state.inboxPrefix = '_INBOX_ada';
    await login(service);
    expect(prefix()).toBe('_INBOX_ada');
    service.state.inboxPrefix = undefined;
    await login(service);
    expect(prefix()).toBe('');
    const edited = { ...home.json('nats/context/orders.json'), inbox_prefix: '_INBOX_mine' };
    writeFileSync(home.at('nats/context/orders.json'), JSON.stringify(edited));
    await login(service);
    expect(prefix()).toBe('_INBOX_mine');
  });

  test('of ours keeps what the person added to it', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    const edited = { ...home.json('nats/context/orders.json'), ca: '/ca.pem', extra: { new: 1 } };
    writeFileSync(home.at('nats/context/orders.json'), JSON.stringify(edited));
    service.state.servers = ['tls://nats.example.com'];
    await login(service);
    expect(home.json('nats/context/orders.json')).toEqual({
      ...edited,
      url: 'tls://nats.example.com',
    });
  });

  test('that was selected before can be gone back to', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    writeForeign(home, 'production', {});
    writeFileSync(home.at('nats/context.txt'), 'production');
    await login(service);
    await login(service);
    expect(home.read('nats/context.txt')).toBe('orders');
    expect(home.read('nats/previous-context.txt')).toBe('production');
  });

  test('that was selected stays selected with --no-select', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    writeForeign(home, 'production', {});
    writeFileSync(home.at('nats/context.txt'), 'production');
    await login(service, '--no-select');
    expect(home.read('nats/context.txt')).toBe('production');
  });
});

describe('the nats command line', async () => {
  const cli = await findNatsCli();
  const nats = (home: Home, ...args: string[]) =>
    'path' in cli ? runNats(cli.path, args, home.path) : Promise.reject(new Error(cli.missing));

  test.skipIf('missing' in cli)('knows the context, and has it selected', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    const { code, output } = await nats(home, 'context', 'ls');
    expect(code).toBe(0);
    expect(output).toMatch(/ orders\* +│ orders at http:\S+ \(nats-sts login\) /);
  });

  test.skipIf('missing' in cli)('would have written the same file itself', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    const ours = home.read('nats/context/orders.json');
    const { url, creds, description } = JSON.parse(ours) as Record<string, string>;
    const options = ['--server', url, '--creds', creds, '--description', description];
    await nats(home, 'context', 'add', 'theirs', ...options.map(String));
    expect(ours).toBe(home.read('nats/context/theirs.json'));
  });

  test.skipIf('missing' in cli)('works without a context after a logout', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    await natsSts('logout');
    const { code, output } = await nats(home, 'context', 'ls', '--json');
    expect([code, output]).toEqual([0, 'null\n']);
  });
});

test('nothing temporary remains', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await login(service);
  expect(home.files().filter((file) => file.endsWith('.tmp'))).toEqual([]);
  expect(() => readFileSync(home.at('nats-sts/sessions.lock-journal'))).toThrow('ENOENT');
});
