import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { natsSts } from './command-line.ts';
import { loginHome } from './login-home.ts';
import { type LoginService, startLoginService } from './login-service.ts';

const login = (service: LoginService, ...args: string[]) =>
  natsSts('login', '--url', service.url, ...args);

test('ends the sessions of all roles at the service, and leaves nothing of them here', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing');
  expect(await natsSts('logout')).toEqual({
    exitCode: 0,
    out: `signed out of ${service.url}/; removed: orders, billing\n`,
    err: '',
  });
  const revoked = service.to('/revoke').map(({ parameters }) => parameters);
  expect(revoked.map(({ client_id }) => client_id)).toEqual(['nats-sts', 'nats-sts']);
  expect(new Set(revoked.map(({ token }) => token))).toEqual(new Set(['refresh-1', 'refresh-2']));
  expect(service.living()).toEqual([]);
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
  expect(home.json('nats-sts/sessions.json')).toEqual({ version: 1, services: {} });
});

test("leaves what is somebody else's: contexts, what is selected, other services", async () => {
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

test('--keep-creds leaves them; another logout removes them', async () => {
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

test('works where the service can not be reached, and says what that means', async () => {
  using home = loginHome();
  const service = await startLoginService();
  await login(service);
  await login(service, '--role', 'billing');
  await service.stop();
  const { exitCode, out, err } = await natsSts('logout');
  expect(exitCode).toBe(0);
  expect(out).toContain('signed out of');
  expect(err).toContain(`cannot reach ${service.url}/revoke`);
  expect(err).toMatch(/^The session for role orders goes on at the service, .* until \d{4}-/m);
  expect(err).toMatch(/^The session for role billing goes on at the service, .* until \d{4}-/m);
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
  expect(err).toContain('The session for role orders goes on at the service');
  expect(err).not.toContain('\u001b');
  expect(home.files()).toEqual(['nats-sts/sessions.json']);
});

test('says so where nobody is signed in, which is no failure', async () => {
  using home = loginHome();
  expect(await natsSts('logout')).toEqual({
    exitCode: 0,
    out: '',
    err: 'nats-sts: not signed in\n',
  });
  const { err } = await natsSts('logout', '--url', 'https://sts.example.com');
  expect(err).toBe('nats-sts: not signed in at https://sts.example.com/\n');
  expect(home.files()).toEqual([]);
});
