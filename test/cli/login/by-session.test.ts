import { describe, expect, test } from 'vitest';
import { natsSts } from '../command-line.ts';
import { beginLogin } from '../begun-login.ts';
import { loginHome } from '../login-home.ts';
import { type LoginService, startLoginService } from '../login-service.ts';

const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);
const AGAIN = ['authorization_code', 'refresh_token'];

test('while the session lasts, the next credential needs no browser, and has its own key', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  const first = home.read('nats-sts/orders.creds');
  expect(await login(service)).toMatchObject({ exitCode: 0, err: '' });
  expect(service.grants()).toEqual(AGAIN);
  expect(service.to('/authorize')).toHaveLength(1);
  const [code, refresh] = [service.to('/authorize')[0], service.to('/token')[1]];
  expect(refresh?.parameters['nkey']).toMatch(/^U/);
  expect(refresh?.parameters['nkey']).not.toBe(code?.parameters['nkey']);
  expect(home.read('nats-sts/orders.creds')).not.toBe(first);
  expect(home.refreshToken(service.url, 'orders')).toBe('refresh-2');
});

test('without --url it uses the only service with a session', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  await login(service);
  expect(await natsSts('login')).toMatchObject({ exitCode: 0 });
  expect(service.grants()).toEqual(AGAIN);
});

test('with several services it asks which one', async () => {
  using _home = loginHome();
  await using one = await startLoginService();
  await using two = await startLoginService();
  await login(one);
  await login(two);
  for (const command of ['login', 'whoami', 'logout']) {
    const { exitCode, err } = await natsSts(command);
    expect(exitCode).toBe(2);
    expect(err).toContain(
      `you are signed in at several services: ${one.url}/, ${two.url}/. Choose one with --url`,
    );
  }
});

test('it uses the last role and the last context, unless told otherwise', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service, '--role', 'billing', '--context', 'mine');
  await login(service);
  expect(service.to('/token')[1]?.parameters['scope']).toBe('billing');
  await login(service, '--role', 'orders');
  await login(service);
  expect(service.to('/token')[3]?.parameters['scope']).toBe('orders');
  expect(home.service(service.url)?.credentials.map(({ context }) => context)).toEqual([
    'mine',
    'orders',
  ]);
});

test('--fresh signs in again, for the role that the person chooses', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  service.state.role = 'billing';
  await login(service, '--fresh');
  expect(service.grants()).toEqual(['authorization_code', 'authorization_code']);
  expect(service.to('/authorize')[1]?.parameters).not.toHaveProperty('scope');
  expect(home.service(service.url)?.role).toBe('billing');
});

describe('a session is for one role', () => {
  test('two that alternate need the browser once each', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    for (let round = 0; round < 3; round += 1) {
      for (const role of ['orders', 'billing']) {
        const ran = await login(service, '--role', role);
        expect(ran).toMatchObject({ exitCode: 0, out: expect.stringContaining(`role ${role} in`) });
      }
    }
    expect(service.to('/authorize').map(({ parameters }) => parameters['scope'])).toEqual([
      'orders',
      'billing',
    ]);
    const renewals = Array.from({ length: 4 }, () => 'refresh_token');
    expect(service.grants()).toEqual(['authorization_code', 'authorization_code', ...renewals]);
    expect(service.living()).toEqual(['orders', 'billing']);
    expect(
      home
        .service(service.url)
        ?.sessions.map(({ role }) => role)
        .sort(),
    ).toEqual(['billing', 'orders']);
  });

  test('a role without a session needs the browser, and login says so', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    const first = await login(service, '--role', 'orders');
    expect(first.err).not.toContain('agreed');
    const { exitCode, err } = await login(service, '--role', 'billing');
    expect(exitCode).toBe(0);
    expect(err).toMatch(
      /^nats-sts: you have not signed in for role billing here yet; sign in\nContinue in your browser/,
    );
    expect(service.grants()).not.toContain('refresh_token');
  });

  test('the end of one leaves the other alone', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service, '--role', 'orders');
    await login(service, '--role', 'billing');
    const token = home.refreshToken(service.url, 'orders') ?? '';
    const body = new URLSearchParams({ token });
    await fetch(`${service.url}/revoke`, { method: 'POST', body });
    expect((await login(service, '--role', 'orders')).err).toContain(
      'your session for role orders is no longer valid; sign in',
    );
    expect(await login(service, '--role', 'billing')).toMatchObject({ exitCode: 0, err: '' });
  });
});

describe('a login that replaces the one before', () => {
  test('for the same role ends that at the service, and no other', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    await login(service, '--role', 'billing');
    expect(await login(service, '--role', 'orders', '--fresh')).toMatchObject({ exitCode: 0 });
    expect(service.to('/revoke').map(({ parameters }) => parameters)).toEqual([
      { token: 'refresh-1', client_id: 'nats-sts' },
    ]);
    expect(service.living()).toEqual(['billing', 'orders']);
    expect(home.refreshToken(service.url, 'orders')).toBe('refresh-3');
  });

  test('continues if that session cannot be ended, and says so', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    service.override('POST /revoke', () => 'temporarily_unavailable');
    const { exitCode, err } = await login(service, '--fresh');
    expect(exitCode).toBe(0);
    expect(err).toContain('temporarily_unavailable: Words.');
    expect(err).toMatch(
      /^The previous session was removed here, but stays open at the service until \d{4}-/m,
    );
    expect(err).not.toMatch(/refresh-\d/);
    expect(home.refreshToken(service.url, 'orders')).toBe('refresh-2');
  });

  test('does not ask about a session that has expired', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.state.sessionSeconds = 0;
    await login(service);
    await login(service, '--fresh');
    expect(service.to('/revoke')).toEqual([]);
  });
});

describe('a session that is no longer valid leads to the browser, and login says so', () => {
  test('revoked, or ended by a refresh token that was used twice', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    service.state.ended = true;
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(0);
    expect(err).toContain('your session for role orders is no longer valid; sign in');
    expect(service.grants()).toEqual([...AGAIN, 'authorization_code']);
    expect(service.to('/authorize')[1]?.parameters['scope']).toBe('orders');
    expect(home.refreshToken(service.url, 'orders')).toBe('refresh-2');
  });

  test('expired: the service is not even asked', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.state.sessionSeconds = 0;
    await login(service);
    const { exitCode, err } = await login(service);
    expect(exitCode).toBe(0);
    expect(err).toContain('your session for role orders has ended; sign in');
    expect(service.grants()).toEqual(['authorization_code', 'authorization_code']);
  });
});

test.each(['invalid_scope', 'access_denied'])(
  'a role that is no longer available (%s) ends the login, keeps the session, and opens no browser',
  async (error) => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    service.override('POST /token', () => error);
    const { exitCode, err } = await login(service, '--role', 'orders');
    expect(exitCode).toBe(3);
    expect(err).toContain(`${error}: Words.`);
    expect(err).toContain('nats-sts login --fresh');
    expect(service.to('/authorize')).toHaveLength(1);
    expect(home.refreshToken(service.url, 'orders')).toBe('refresh-1');
  },
);

describe('the next refresh token is not lost', () => {
  test('if the credential that came with it is not valid', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    service.override('POST /token', (request) => ({
      ...service.handOver(request),
      access_token: 'a.b.c',
    }));
    expect(await login(service)).toMatchObject({ exitCode: 1 });
    expect(home.refreshToken(service.url, 'orders')).toBe('refresh-2');
  });

  test('if the name of the context was taken meanwhile', async () => {
    using home = loginHome();
    await using one = await startLoginService();
    await using two = await startLoginService();
    await login(one, '--context', 'shared');
    await login(two);
    const { exitCode } = await login(two, '--context', 'shared');
    expect(exitCode).toBe(1);
    const before = home.refreshToken(two.url, 'orders');
    expect(before).toBe('refresh-1');
    expect(await login(two, '--force', '--context', 'shared')).toMatchObject({ exitCode: 0 });
  });

  test('if several ask at once: one after the other, each with a valid token', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    const all = await Promise.all(
      Array.from({ length: 5 }, () => beginLogin(service, ['--no-browser']).done),
    );
    expect(all.map(({ error }) => error)).toEqual(all.map(() => undefined));
    expect(service.grants()).toEqual(['authorization_code', ...all.map(() => 'refresh_token')]);
    expect(service.state.ended).toBe(false);
    expect(home.refreshToken(service.url, 'orders')).toBe('refresh-6');
  });

  test('if logins at several services end at once: all sessions are stored', async () => {
    using home = loginHome();
    const services = await Promise.all(Array.from({ length: 4 }, () => startLoginService()));
    const ran = await Promise.all(
      services.map((service, index) => login(service, '--context', `c${index}`)),
    );
    expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    for (const { url, stop } of services) {
      expect(home.refreshToken(url, 'orders')).toBe('refresh-1');
      await stop();
    }
  });
});
