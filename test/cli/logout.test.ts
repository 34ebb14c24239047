import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { natsSts } from './command-line.ts';
import { loginHome } from './login-home.ts';
import { type LoginService, startLoginService } from './login-service.ts';

const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);
const NONE = 'no nats context is selected now; to select one: nats context select\n';

test('ends the sessions of all roles at the service, and removes them here', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing');
  expect(await natsSts('logout')).toEqual({
    exitCode: 0,
    out: `signed out of ${service.url}/; removed: orders, billing\n${NONE}`,
    err: '',
  });
  const revoked = service.to('/revoke').map(({ parameters }) => parameters);
  expect(revoked.map(({ client_id }) => client_id)).toEqual(['nats-sts', 'nats-sts']);
  expect(new Set(revoked.map(({ token }) => token))).toEqual(new Set(['refresh-1', 'refresh-2']));
  expect(service.living()).toEqual([]);
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
  expect(home.json('nats-sts/sessions.json')).toEqual({
    version: 1,
    last: `${service.url}/`,
    services: {},
  });
});

test('leaves other contexts, the selection and other services alone', async () => {
  using home = loginHome();
  await using one = await startLoginService();
  await using two = await startLoginService();
  await login(one, '--context', 'taken-over');
  await login(two, '--context', 'other');
  const foreign = JSON.stringify({ creds: '/elsewhere.creds' });
  writeFileSync(home.at('nats/context/taken-over.json'), foreign);
  await natsSts('logout', '--url', one.url);
  expect(home.files()).toEqual([
    'nats-sts/other.creds',
    'nats-sts/sessions.json',
    'nats/context.txt',
    'nats/context/other.json',
    'nats/context/taken-over.json',
    'nats/previous-context.txt',
  ]);
  expect(home.read('nats/context/taken-over.json')).toBe(foreign);
  expect(home.read('nats/context.txt')).toBe('other');
  expect(home.refreshToken(two.url, 'orders')).toBe('refresh-1');
});

test('--keep-creds keeps the credentials; another logout removes them', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  expect(await natsSts('logout', '--keep-creds')).toMatchObject({ exitCode: 0, err: '' });
  expect(service.living()).toEqual([]);
  expect(home.files()).toContain('nats-sts/orders.creds');
  expect(home.files()).toContain('nats/context/orders.json');
  expect(readFileSync(home.at('nats-sts/sessions.json'), 'utf8')).not.toContain('refresh-');
  expect(await natsSts('whoami')).toMatchObject({ exitCode: 3 });
  await natsSts('logout');
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
  expect(service.to('/revoke')).toHaveLength(1);
});

test('works if the service cannot be reached, and says what that means', async () => {
  using home = loginHome();
  const service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing');
  await service.stop();
  const { exitCode, out, err } = await natsSts('logout');
  expect(exitCode).toBe(0);
  expect(out).toContain('signed out of');
  expect(err).toContain(`cannot reach ${service.url}/revoke`);
  expect(err).toMatch(
    /^The session for role orders was removed here, but stays open at the service until \d{4}-/m,
  );
  expect(err).toMatch(
    /^The session for role billing was removed here, but stays open at the service until \d{4}-/m,
  );
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
});

test.each([
  ['refuses', 503, '{"error":"temporarily_unavailable","error_description":"No\\u001b[2J."}'],
  ['is somebody else', 404, '<html>'],
])('works where the service %s', async (_, status, body) => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  service.override('POST /revoke', (_request, response) => {
    response.writeHead(status).end(body);
    return undefined;
  });
  const { exitCode, err } = await natsSts('logout');
  expect(exitCode).toBe(0);
  expect(err).toContain(
    'The session for role orders was removed here, but stays open at the service',
  );
  expect(err).not.toContain('\u001b');
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
});

test('says that nobody is signed in, which is not a failure', async () => {
  using home = loginHome();
  expect(await natsSts('logout')).toEqual({
    exitCode: 0,
    out: '',
    err: 'nats-sts: not signed in; to sign in: nats-sts login --url URL\n',
  });
  const { err } = await natsSts('logout', '--url', 'https://sts.example.com');
  expect(err).toBe(
    'nats-sts: not signed in at https://sts.example.com/; to sign in: nats-sts login --url https://sts.example.com/\n',
  );
  expect(home.files()).toEqual([]);
});

test('remembers the URL of the service for the next login without --url', async () => {
  using _home = loginHome();
  await using one = await startLoginService();
  await using two = await startLoginService();
  await login(one);
  await login(two);
  await natsSts('logout', '--url', two.url);
  await natsSts('logout', '--url', one.url);
  const asked = two.asked.length;
  expect(await natsSts('login')).toMatchObject({ exitCode: 0 });
  expect(one.to('/authorize')).toHaveLength(2);
  expect(two.asked).toHaveLength(asked);
});

describe('what was selected before the login', () => {
  const select = (home: ReturnType<typeof loginHome>, name: string) => {
    mkdirSync(home.at('nats/context'), { recursive: true });
    writeFileSync(home.at(`nats/context/${name}.json`), '{}');
    writeFileSync(home.at('nats/context.txt'), name);
  };

  test('is selected again, however many roles were used meanwhile', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    select(home, 'production');
    for (const role of ['orders', 'billing', 'orders']) await login(service, '--role', role);
    const { out } = await natsSts('logout');
    expect(out).toMatch(/\nnats context production is selected again\n$/);
    expect(home.read('nats/context.txt')).toBe('production');
    expect(home.has('nats/previous-context.txt')).toBe(false);
  });

  test('is the one before the latest login, if the person selected others in between', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    select(home, 'production');
    await login(service);
    select(home, 'staging');
    await login(service);
    await natsSts('logout');
    expect(home.read('nats/context.txt')).toBe('staging');
  });

  test('is not selected if the person has selected another context since', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    select(home, 'production');
    await login(service);
    select(home, 'staging');
    expect((await natsSts('logout')).out).toMatch(/; removed: orders\n$/);
    expect(home.read('nats/context.txt')).toBe('staging');
  });

  test('is not selected if it no longer exists or is not a valid name: then no context is selected, and logout says so', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    select(home, 'production');
    await login(service);
    rmSync(home.at('nats/context/production.json'));
    expect((await natsSts('logout')).out).toContain(`\n${NONE}`);
    expect(home.has('nats/context.txt')).toBe(false);
    select(home, 'production');
    writeFileSync(home.at('nats/context.txt'), '../context/production');
    await login(service);
    expect((await natsSts('logout')).out).toContain(`\n${NONE}`);
    expect(home.has('nats/context.txt')).toBe(false);
  });

  test('stays as it is with --no-select, and with --keep-creds', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    select(home, 'production');
    await login(service, '--no-select');
    expect((await natsSts('logout')).out).toMatch(/; removed: orders\n$/);
    expect(home.read('nats/context.txt')).toBe('production');
    await login(service);
    await natsSts('logout', '--keep-creds');
    expect(home.read('nats/context.txt')).toBe('orders');
    await natsSts('logout');
    expect(home.read('nats/context.txt')).toBe('production');
  });
});
