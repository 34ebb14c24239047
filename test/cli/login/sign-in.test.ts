import { describe, expect, test } from 'vitest';
import { natsSts } from '../command-line.ts';
import { loginHome } from '../login-home.ts';
import { type LoginService, startLoginService } from '../login-service.ts';

const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);

describe('a role that is not available to the person', () => {
  test('is denied without a browser while a session lasts, with the roles that are available', async () => {
    using home = loginHome();
    await using service = await startLoginService();
    await login(service);
    const before = home.read('nats-sts/sessions.json');
    for (const how of ['--no-browser', '--device']) {
      expect(await login(service, '--role', 'nope', how)).toEqual({
        exitCode: 3,
        out: '',
        err: 'nats-sts: role nope is not available to you; your roles: orders, billing\nTo sign in as another person: nats-sts login --fresh --role nope\n',
      });
    }
    expect(service.to('/authorize')).toHaveLength(1);
    expect(service.to('/device_authorization')).toEqual([]);
    expect(home.read('nats-sts/sessions.json')).toBe(before);
  });

  test('is denied if the person has no role any more', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    await login(service);
    const active = { active: true, iss: 'i', sub: 's', exp: 2_000_000_000 };
    service.override('POST /introspect', () => active);
    const { exitCode, err } = await login(service, '--role', 'nope');
    expect(exitCode).toBe(3);
    expect(err).toContain('role nope is not available to you; you have no role\n');
  });

  test('may belong to another account of theirs: --fresh goes to the browser', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    await login(service);
    expect(await login(service, '--fresh', '--role', 'nope')).toMatchObject({ exitCode: 0 });
    expect(service.to('/introspect')).toEqual([]);
    expect(await login(service, '--role', 'nope')).toMatchObject({ exitCode: 0, err: '' });
  });
});

describe('the browser is needed', () => {
  test('if nobody is signed in', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    await login(service, '--role', 'nope');
    expect(service.to('/introspect')).toEqual([]);
    expect(service.to('/authorize')[0]?.parameters['scope']).toBe('nope');
  });

  test('if no session is valid any more, or the service does not say', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    await login(service);
    service.state.ended = true;
    await login(service, '--role', 'one');
    service.override('POST /introspect', () => 'temporarily_unavailable');
    await login(service, '--role', 'two');
    const scopes = service.to('/authorize').map(({ parameters }) => parameters['scope']);
    expect(scopes).toEqual([undefined, 'one', 'two']);
  });
});
