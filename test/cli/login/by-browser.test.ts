import { describe, expect, test } from 'vitest';
import { beginLogin, callback, getAs } from '../begun-login.ts';
import { loginHome } from '../login-home.ts';
import { startLoginService } from '../login-service.ts';

/** A login that waits for the browser, and the parameters of its return. */
async function waiting() {
  const home = loginHome();
  const service = await startLoginService();
  const login = beginLogin(service);
  const page = await login.page();
  const state = page.searchParams.get('state') ?? '';
  return {
    home,
    service,
    login,
    page,
    state,
    /** Where the service would send the browser. */
    redirect: async (): Promise<URL> => new URL((await getAs(page)).location ?? ''),
    async [Symbol.asyncDispose]() {
      // The login must end, whatever the test did.
      await getAs(callback(page, { state, error: 'access_denied' })).catch(() => undefined);
      await login.done;
      await service.stop();
      home[Symbol.dispose]();
    },
  };
}

describe('any request but the expected one gets a 404, and the login continues', () => {
  const cases: [string, (url: URL) => URL, Record<string, string>?, string?][] = [
    ['another state', (url) => withParameter(url, 'state', 'x')],
    ['no state', (url) => withParameter(url, 'state', undefined)],
    [
      'the state twice',
      (url) => {
        url.searchParams.append('state', url.searchParams.get('state') ?? '');
        return url;
      },
    ],
    ['no code', (url) => withParameter(url, 'code', undefined)],
    ['another path', (url) => new URL(`/callback/x${url.search}`, url)],
    ['the root', (url) => new URL('/', url)],
    ['a name that was made to point here', (url) => url, { host: 'evil.example' }],
    ['localhost', (url) => url, { host: 'localhost' }],
    ['another method', (url) => url, {}, 'POST'],
    ['only the head', (url) => url, {}, 'HEAD'],
  ];
  test.each(cases)('%s', async (_, change, headers, method) => {
    await using t = await waiting();
    const right = await t.redirect();
    const refused = await getAs(change(new URL(right)), headers, method);
    expect(refused).toEqual({ status: 404, location: undefined });
    expect(t.service.grants()).toEqual([]);

    const taken = await getAs(right);
    expect(taken).toEqual({ status: 303, location: `${t.service.url}/authorize/done` });
    expect(await t.login.done).toMatchObject({ error: undefined });
    expect(t.home.has('nats-sts/orders.creds')).toBe(true);
  });
});

function withParameter(url: URL, name: string, value: string | undefined): URL {
  if (value === undefined) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  return url;
}

test('the answer is accepted once: a second request gets a 404, or no server', async () => {
  await using t = await waiting();
  const right = await t.redirect();
  const answers = await Promise.all(
    [right, right].map((url) => getAs(url).catch(() => ({ status: 'gone' }))),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 303)).toHaveLength(1);
  expect(await t.login.done).toMatchObject({ error: undefined });
  expect(t.service.grants()).toEqual(['authorization_code']);
  await expect(getAs(right)).rejects.toThrow('ECONNREFUSED');
});

test('canceled in the browser: exit 3, nothing written, and the page says so', async () => {
  await using t = await waiting();
  const back = callback(t.page, { state: t.state, error: 'access_denied' });
  const answer = await fetch(back);
  expect([answer.status, await answer.text()]).toEqual([
    200,
    'No credential was handed over. You can close this page.\n',
  ]);
  const { error } = await t.login.done;
  expect(error).toMatchObject({ exitCode: 3 });
  expect(error?.message).toContain('denied in the browser: nothing was written');
  expect(t.home.files()).toEqual([]);
});

test('another error is shown in its own words, harmless and short', async () => {
  await using t = await waiting();
  const error_description = `No\u001b[2J ${'x'.repeat(2000)}`;
  await getAs(callback(t.page, { state: t.state, error: 'server_error', error_description }));
  const { error } = await t.login.done;
  expect(error).toMatchObject({ exitCode: 1 });
  expect(error?.message).toMatch(/^server_error: No\\u001b\[2J x+…$/);
  expect(error?.message.length).toBeLessThan(400);
});

test.each(['https://sts.example.com', '', 'nonsense'])(
  'a code of %o, another service, is sent to nobody',
  async (iss) => {
    await using t = await waiting();
    const back = await t.redirect();
    await getAs(withParameter(back, 'iss', iss));
    const { error } = await t.login.done;
    expect(error?.message).toContain('from another service');
    expect(t.service.grants()).toEqual([]);
  },
);

test('a login that nobody finishes ends, and says what to do', async () => {
  using home = loginHome();
  await using service = await startLoginService();
  const login = beginLogin(service, [], { patienceMilliseconds: 20 });
  const page = await login.page();
  const { error } = await login.done;
  expect(error).toMatchObject({ exitCode: 1 });
  expect(error?.message).toMatch(/the login in the browser took longer than/);
  expect(error?.message).toContain('nats-sts login --device');
  expect(home.files()).toEqual([]);
  await expect(getAs(callback(page, {}))).rejects.toThrow('ECONNREFUSED');
});
