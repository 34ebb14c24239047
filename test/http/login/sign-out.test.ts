import { expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { cookiesSet, headingOf } from './pages.ts';
import { startPeopleApp } from './people-app.ts';

test('signing out ends every copy of the session, and clears all its cookies', async () => {
  await using people = await startPeopleApp();
  const cookies = await people.signIn();
  const parts = { ...cookies, '__Host-nats-sts-session-2': 'left over' };
  const answer = await people.post('/logout', {}, { cookies: parts });
  expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'You are signed out']);
  expect(cookiesSet(answer).map((cookie) => cookie.split(';', 2).join(';'))).toEqual([
    '__Host-nats-sts-session=; Max-Age=0',
    '__Host-nats-sts-session-2=; Max-Age=0',
  ]);
  const copy = await people.get('/', { cookies });
  expect(copy.body).toContain('Your session has ended');
});

test('signing out twice, or with no session, says the same', async () => {
  await using people = await startPeopleApp();
  const cookies = await people.signIn();
  for (const brought of [cookies, cookies, {}]) {
    const answer = await people.post('/logout', {}, { cookies: brought });
    expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'You are signed out']);
  }
});

test('where the issuer can end its own session, a page goes on there: a redirect would be stopped', async () => {
  const issuerUrl = new URL('https://issuer.test/end?id_token_hint=x&client_id="y"');
  await using people = await startPeopleApp({ logins: { signOut: async () => ({ issuerUrl }) } });
  const answer = await people.post('/logout', {}, { cookies: await people.signIn() });
  expect(answer.statusCode).toBe(200);
  const escaped = issuerUrl.href.replaceAll('&', '&amp;');
  expect(answer.body).toContain(`<meta http-equiv="refresh" content="0; url=${escaped}">`);
  expect(answer.body).toContain(`<a class="button" href="${escaped}">`);
});

test('whose sign-out can not be stored is told that they are still signed in, and are', async () => {
  const down = new Refusal('store_unavailable', 'You are still signed in.', {
    retryAfterSeconds: 5,
  });
  await using people = await startPeopleApp({ logins: { signOut: async () => down } });
  const cookies = await people.signIn();
  const answer = await people.post('/logout', {}, { cookies });
  expect(answer.statusCode).toBe(503);
  expect(answer.body).toContain('You are still signed in.');
  expect(cookiesSet(answer)).toEqual([]);
});

test('GET /logout asks and changes nothing', async () => {
  await using people = await startPeopleApp();
  const cookies = await people.signIn();
  const answer = await people.get('/logout', { cookies });
  expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'Sign out?']);
  expect(answer.body).toContain(
    'Programs that you handed a credential to from this session can not renew it any more.',
  );
  expect(headingOf(await people.get('/', { cookies }))).toBe('Your access to NATS');
  expect(headingOf(await people.get('/logout'))).toBe('You are signed out');
});
