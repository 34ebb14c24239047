import { expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { cookiesSet, headingOf } from './pages.ts';
import { startLoginApp } from './login-app.ts';

test('signing out ends every copy of the session, and clears all its cookies', async () => {
  await using people = await startLoginApp();
  const cookies = await people.signIn();
  const parts = { ...cookies, '__Host-nats-sts-session-2': 'left over' };
  const answer = await people.post('/logout', {}, { cookies: parts });
  expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'You are signed out']);
  expect(cookiesSet(answer).map((cookie) => cookie.split(';', 2).join(';'))).toEqual([
    '__Host-nats-sts-session=; Max-Age=0',
    '__Host-nats-sts-session-2=; Max-Age=0',
  ]);
  const copy = await people.get('/', { cookies });
  expect(copy.body).toContain('Your session ended');
});

test('signing out twice says the same', async () => {
  await using people = await startLoginApp();
  const cookies = await people.signIn();
  for (const brought of [cookies, cookies]) {
    const answer = await people.post('/logout', {}, { cookies: brought });
    expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'You are signed out']);
  }
});

test.each(['GET', 'POST'])(
  'a person who was not signed in sees that, and how to end the sessions of programs (%s)',
  async (method) => {
    await using people = await startLoginApp();
    const answer =
      method === 'GET' ? await people.get('/logout') : await people.post('/logout', {});
    expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'You were not signed in here']);
    expect(answer.body).toContain('<code>nats-sts logout</code>');
    expect(answer.body).not.toContain('You are signed out');
  },
);

test('signing out works for an address beyond its limit, which sees nothing else', async () => {
  await using people = await startLoginApp({ limits: { perAddress: 1 } });
  const cookies = await people.signIn();
  for (const path of ['/', '/logout']) await people.get(path);
  expect((await people.get('/logout')).statusCode).toBe(429);
  const answer = await people.post('/logout', {}, { cookies });
  expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'You are signed out']);
  const sealed = cookies['__Host-nats-sts-session']?.slice(2) ?? '';
  expect(await people.world.keeper.open(sealed)).toMatchObject({ reason: 'session_missing' });
});

test('a session that cannot be checked right now is not reported as ended', async () => {
  const down = new Refusal('store_unavailable', 'Not now.', { retryAfterSeconds: 5 });
  await using people = await startLoginApp({ logins: { open: async () => down } });
  const cookies = { '__Host-nats-sts-session': '1.x' };
  for (const answer of [
    await people.post('/logout', {}, { cookies }),
    await people.get('/logout', { cookies }),
  ]) {
    expect(answer.statusCode).toBe(503);
    expect(cookiesSet(answer)).toEqual([]);
  }
});

test('a blocked person loses the cookie by signing out, but not by the question', async () => {
  const blocked = new Refusal('blocked', 'Blocked.');
  await using people = await startLoginApp({ logins: { open: async () => blocked } });
  const cookies = { '__Host-nats-sts-session': '1.x' };
  const asked = await people.get('/logout', { cookies });
  expect([asked.statusCode, headingOf(asked)]).toEqual([403, 'Your access is blocked']);
  expect(cookiesSet(asked)).toEqual([]);
  const answer = await people.post('/logout', {}, { cookies });
  expect(headingOf(answer)).toBe('You are signed out');
  expect(cookiesSet(answer)).toHaveLength(1);
});

test('if the issuer can end its own session, a page leads there, because browsers would block a redirect', async () => {
  const issuerUrl = new URL('https://issuer.test/end?id_token_hint=x&client_id="y"');
  await using people = await startLoginApp({ logins: { signOut: async () => ({ issuerUrl }) } });
  const answer = await people.post('/logout', {}, { cookies: await people.signIn() });
  expect(answer.statusCode).toBe(200);
  const escaped = issuerUrl.href.replaceAll('&', '&amp;');
  expect(answer.body).toContain(`<meta http-equiv="refresh" content="0; url=${escaped}">`);
  expect(answer.body).toContain(`<a class="button" href="${escaped}">`);
});

test('if a sign-out cannot be stored, the page says that the person is still signed in, which is true', async () => {
  const down = new Refusal('store_unavailable', 'You are still signed in.', {
    retryAfterSeconds: 5,
  });
  await using people = await startLoginApp({ logins: { signOut: async () => down } });
  const cookies = await people.signIn();
  const answer = await people.post('/logout', {}, { cookies });
  expect(answer.statusCode).toBe(503);
  expect(answer.body).toContain('You are still signed in.');
  expect(cookiesSet(answer)).toEqual([]);
});

test('GET /logout asks and changes nothing', async () => {
  await using people = await startLoginApp();
  const cookies = await people.signIn();
  const answer = await people.get('/logout', { cookies });
  expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'Sign out?']);
  expect(answer.body).toContain(
    'Programs that got a credential from this session can no longer renew it.',
  );
  expect(headingOf(await people.get('/', { cookies }))).toBe('Your access to NATS');
});
