import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { natsSts } from './command-line.ts';
import { loginHome } from './login-home.ts';
import { type LoginService, startLoginService } from './login-service.ts';

const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);

test('shows the person, each role with the end of its session, and the credentials', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing', '--context', 'money');
  rmSync(home.at('nats-sts/money.creds'));
  const { exitCode, out, err } = await natsSts('whoami');
  expect([exitCode, err]).toEqual([0, '']);
  expect(out).toMatch(/^Ada Lovelace \(https:\/\/idp.example.com 7c9a\)\n/);
  expect(out).toMatch(/^signed in at http:\/\/127.0.0.1:\d+\/$/m);
  expect(out).toMatch(/^orders +APP +15m +\d{4}-.* \(in [78]h\)$/m);
  expect(out).toMatch(/^billing +APP +1h +\d{4}-.* \(in [78]h\)$/m);
  const file = home.at('nats-sts/orders.creds');
  const rows = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(rows).toContainEqual(['orders', 'orders', expect.stringMatching(/^in 1[45]m$/), file]);
  expect(rows).toContainEqual([
    'money',
    'billing',
    expect.stringMatching(/^in /),
    `${home.at('nats-sts/money.creds')} (missing)`,
  ]);
  expect(out).not.toMatch(/refresh-\d|eyJ/);
});

test('shows the available roles, and a session whose role is no longer available', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  expect((await natsSts('whoami')).out).toMatch(/^billing +APP +1h +-$/m);
  await login(service, '--fresh', '--role', 'gone');
  expect((await natsSts('whoami')).out).toMatch(
    /^gone +- +no longer available +\d{4}-.* \(in [78]h\)$/m,
  );
});

test('omits a role whose session was ended at the service', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing');
  const body = new URLSearchParams({ token: home.refreshToken(service.url, 'orders') ?? '' });
  await fetch(`${service.url}/revoke`, { method: 'POST', body });
  const { out } = await natsSts('whoami');
  expect(out).toMatch(/^orders +APP +15m +-$/m);
  expect(out).toMatch(/^billing .* \(in [78]h\)$/m);
});

test('shows two accounts of a person separately', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing');
  service.override('POST /introspect', ({ parameters: { token } }) => ({
    active: true,
    iss: 'https://idp.example.com',
    sub: token === 'refresh-1' ? 'ada' : 'ada-admin',
    exp: 2_000_000_000,
    roles: [{ role: token === 'refresh-1' ? 'orders' : 'billing', account: 'A', max_ttl: 60 }],
  }));
  const { out } = await natsSts('whoami');
  expect(out).toMatch(
    /^https:\S+ ada\nsigned in at .*\n\nROLE .*\norders .*\n\nhttps:\S+ ada-admin\nsigned in at .*\n\nROLE .*\nbilling /,
  );
});

test('only introspects the refresh token, which stays valid', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await natsSts('whoami');
  expect(service.to('/introspect')[0]?.parameters).toEqual({
    token: 'refresh-1',
    client_id: 'nats-sts',
  });
  expect(await login(service)).toMatchObject({ exitCode: 0, err: '' });
});

test('--json prints it for programs, without secrets', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  const { out } = await natsSts('whoami', '--json');
  expect(JSON.parse(out)).toEqual({
    url: `${service.url}/`,
    sessions: [
      {
        role: 'orders',
        issuer: 'https://idp.example.com',
        subject: '7c9a',
        name: 'Ada Lovelace',
        ends_at: expect.any(Number),
      },
    ],
    roles: [
      { role: 'orders', account: 'APP', max_ttl: 900 },
      { role: 'billing', account: 'APP', max_ttl: 3600 },
    ],
    credentials: [
      {
        context: 'orders',
        role: 'orders',
        account: 'APP',
        file: home.at('nats-sts/orders.creds'),
        expires_at: expect.any(Number),
      },
    ],
  });
  expect(out).not.toMatch(/refresh-\d|eyJ/);
});

test('exits with 3 if nobody is signed in', async () => {
  using _home = loginHome();
  expect(await natsSts('whoami')).toEqual({
    exitCode: 3,
    out: '',
    err: 'nats-sts: not signed in; to sign in: nats-sts login --url URL\n',
  });
  const { exitCode, err } = await natsSts('whoami', '--url', 'https://sts.example.com');
  expect(exitCode).toBe(3);
  expect(err).toBe(
    'nats-sts: not signed in at https://sts.example.com/; to sign in: nats-sts login --url https://sts.example.com/\n',
  );
});

test('names the last service if nobody is signed in there any more', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await natsSts('logout');
  expect(await natsSts('whoami')).toEqual({
    exitCode: 3,
    out: '',
    err: `nats-sts: not signed in at ${service.url}/; to sign in: nats-sts login --url ${service.url}/\n`,
  });
});

test('exits with 3 when the session was ended at the service', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  service.state.ended = true;
  expect(await natsSts('whoami', '--json')).toMatchObject({ exitCode: 3, out: '' });
});

test('exits with 3 after the session has ended, without asking the service', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  service.state.sessionSeconds = 0;
  await login(service);
  expect(await natsSts('whoami')).toMatchObject({ exitCode: 3 });
  expect(service.to('/introspect')).toEqual([]);
});

test('exits with 5 if the service cannot be reached', async () => {
  using _home = loginHome();
  const service = await startLoginService();
  await login(service);
  await service.stop();
  expect(await natsSts('whoami')).toMatchObject({ exitCode: 5, out: '' });
});

test('names of people and roles from the service have no effect on the terminal', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  const active = { active: true, iss: 'i\u001b[2J', sub: 's\n$ forged', exp: 2_000_000_000 };
  service.override('POST /introspect', () => ({
    ...active,
    username: '\u202eevil',
    roles: [{ role: 'orders', account: '\u001b]0;owned\u0007', max_ttl: 1 }],
  }));
  const { exitCode, out } = await natsSts('whoami');
  expect(exitCode).toBe(0);
  expect(out).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(out).not.toMatch(/^\$ forged/m);
});

test.each([
  ['no object', 7],
  ['roles that are none', { active: true, iss: 'i', sub: 's', exp: 1, roles: 'all' }],
  ['a time beyond all calendars', { active: true, iss: 'i', sub: 's', exp: 1e300 }],
])('an answer with %s is not taken for one', async (_, said) => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  service.override('POST /introspect', (_request, response) => {
    response.writeHead(200).end(JSON.stringify(said));
    return undefined;
  });
  const { exitCode, err } = await natsSts('whoami');
  expect(exitCode).toBe(1);
  expect(err).toContain('not as nats-sts does');
});
