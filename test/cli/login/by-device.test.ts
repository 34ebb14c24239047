import { describe, expect, test } from 'vitest';
import { beginLogin, type EndedLogin } from '../begun-login.ts';
import { loginHome } from '../login-home.ts';
import { type LoginService, startLoginService } from '../login-service.ts';

/**
 * A device login in which time passes only by waiting; answers with how long each wait was, in
 * seconds. What the service says: an `error`, a status, `silent` (the connection breaks) or `agreed`.
 */
async function deviceLogin(
  service: LoginService,
  answers: readonly (string | number)[],
): Promise<EndedLogin & { readonly waits: number[] }> {
  const waits: number[] = [];
  let now = Date.UTC(2026, 10, 2);
  const left = [...answers];
  service.override('POST /token', (_, response) => {
    const next = left.shift() ?? 'agreed';
    if (next === 'agreed') service.state.agreed = true;
    if (next === 'agreed') return undefined;
    if (next === 'silent') response.destroy();
    else if (typeof next === 'number')
      response.writeHead(next, { 'retry-after': '33' }).end('{"error":"temporarily_unavailable"}');
    else return next;
    return undefined;
  });
  const wait = (milliseconds: number) => {
    waits.push(milliseconds / 1000);
    now += milliseconds;
    return Promise.resolve();
  };
  const ended = await beginLogin(service, ['--device'], { clock: { now: () => now }, wait }).done;
  return { ...ended, waits };
}

test('the person gets an address and a code, and needs no browser here', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  const { error, written } = await deviceLogin(service, ['authorization_pending', 'agreed']);
  expect(error).toBeUndefined();
  expect(written.err).toContain(`\n    ${service.url}/device\n`);
  expect(written.err).toContain('\n    BCDF-GHJK\n');
  expect(written.err).toContain(`${service.url}/device?user_code=BCDF-GHJK`);
  expect(written.err).not.toContain('the-device-code');
  expect(written.out).toContain('nats context orders (selected)');
  expect(home.files()).toContain('nats-sts/orders.creds');
});

test('the service gets the public key, the request, and the name of the program', async () => {
  using _home = loginHome();
  await using service = await startLoginService();
  service.state.agreed = true;
  const args = ['--device', '--role', 'orders', '--ttl', '60'];
  await beginLogin(service, args, { wait: () => Promise.resolve() }).done;
  expect(service.to('/device_authorization')[0]?.parameters).toEqual({
    client_id: 'nats-sts',
    nkey: expect.stringMatching(/^U/),
    scope: 'orders',
    ttl: '60',
    program: expect.stringMatching(/^nats-sts login on ./),
  });
});

describe('how often it asks (RFC 8628 §3.5)', () => {
  test.each<[string, (string | number)[], number[]]>([
    ['as often as the service says', ['authorization_pending', 'authorization_pending'], [5, 5, 5]],
    [
      'slow_down: five seconds more from then on',
      ['slow_down', 'authorization_pending', 'slow_down'],
      [5, 10, 10, 15],
    ],
    [
      'where the connection breaks: twice the time, up to a minute',
      ['silent', 'silent', 'silent', 'silent', 'silent', 'authorization_pending'],
      [5, 10, 20, 40, 60, 60, 60],
    ],
    ['not now: as long as the service wants', [503, 429], [5, 33, 60]],
  ])('%s', async (_, answers, expected) => {
    using _home = loginHome();
    await using service = await startLoginService();
    const { error, waits } = await deviceLogin(service, answers);
    expect(error).toBeUndefined();
    expect(waits).toEqual(expected);
  });

  test.each([
    [undefined, 5],
    [0, 1],
    [7, 7],
    [100_000_000, 60],
  ])('an interval of %o is %d seconds', async (interval, expected) => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.override('POST /device_authorization', ({ parameters }) => ({
      ...service.device(parameters),
      interval,
    }));
    const { waits } = await deviceLogin(service, ['agreed']);
    expect(waits).toEqual([expected]);
  });
});

describe('the login fails', () => {
  test.each([
    ['access_denied', 3, 'access_denied'],
    ['expired_token', 1, 'before anybody entered it'],
    ['invalid_grant', 3, 'invalid_grant'],
  ])('%s: exit %d', async (answer, exitCode, message) => {
    using home = loginHome();
    await using service = await startLoginService();
    const { error } = await deviceLogin(service, ['authorization_pending', answer]);
    expect(error).toMatchObject({ exitCode });
    expect(error?.message).toContain(message);
    expect(home.files()).toEqual([]);
  });

  test('if nobody enters the code, by our own clock', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    const answers = Array.from({ length: 500 }, () => 'authorization_pending');
    const { error, waits } = await deviceLogin(service, answers);
    expect(error?.message).toContain('before anybody entered it');
    expect(waits.length).toBe(600 / 5);
    expect(service.grants()).toHaveLength(waits.length - 1);
  });

  test.each([
    ['verification_uri', 'https://sts.example.com/device'],
    ['verification_uri_complete', 'https://sts.example.com/device?user_code=BCDF-GHJK'],
    ['verification_uri', 'javascript:alert(1)'],
  ])('where a service sends people elsewhere: %s %s', async (name, address) => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.override('POST /device_authorization', ({ parameters }) => ({
      ...service.device(parameters),
      [name]: address,
    }));
    const { error, written } = await deviceLogin(service, []);
    expect(error?.message).toContain(`sends you to another site, ${address}`);
    expect(written.err).not.toContain('BCDF-GHJK');
    expect(service.grants()).toEqual([]);
  });

  test('if the code is an escape sequence', async () => {
    using _home = loginHome();
    await using service = await startLoginService();
    service.override('POST /device_authorization', ({ parameters }) => ({
      ...service.device(parameters),
      user_code: '\u001b[2J',
    }));
    const { error, written } = await deviceLogin(service, []);
    expect(error?.message).toContain('not as nats-sts does');
    expect(written.err).not.toContain('\u001b');
  });
});
