import { expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { headingOf } from './pages.ts';
import { CREDS, startLoginApp } from './login-app.ts';

test('a role is downloaded as a file that no cache keeps', async () => {
  await using people = await startLoginApp();
  const cookies = await people.signIn();
  const answer = await people.post('/credentials', { role: 'publisher', ttl: '900' }, { cookies });
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toBe(CREDS);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="publisher.creds"',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(people.exchanged).toMatchObject([
    {
      door: 'login',
      address: '127.0.0.1',
      subject: { identity: { issuerName: 'dev', subject: 'ada' } },
      ask: { role: 'publisher', ttlSeconds: 900 },
    },
  ]);
  expect(people.exchanged[0]?.userPublicKey).toBeUndefined();
});

test('a refusal of the exchange is a page, with its status', async () => {
  const refuses = new Refusal('signing_key_unavailable', 'No signing key right now.', {
    detail: 'account APP',
    retryAfterSeconds: 30,
  });
  await using people = await startLoginApp({ refuses });
  const cookies = await people.signIn();
  const answer = await people.post('/credentials', { role: 'publisher' }, { cookies });
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '30']);
  expect(answer.headers['content-disposition']).toBeUndefined();
  expect(answer.body).toContain('No signing key right now.');
  expect(answer.body).not.toContain('account APP');
});

test.each([
  [{ role: 'nobody' }, 403, 'You cannot take this role'],
  [{}, 400, 'Invalid request'],
  [{ role: 'reader', ttl: '-1' }, 400, 'Invalid request'],
  [{ role: 'reader', ttl: '1e3' }, 400, 'Invalid request'],
  [{ role: 'x'.repeat(129) }, 400, 'Invalid request'],
  [{ role: 'reader', ttl: '100000000' }, 400, 'Invalid request'],
])('%j is refused as a page', async (fields, status, heading) => {
  await using people = await startLoginApp();
  const cookies = await people.signIn();
  const answer = await people.post('/credentials', fields, { cookies });
  expect([answer.statusCode, headingOf(answer)]).toEqual([status, heading]);
});

test.each([
  [{ role: 'x'.repeat(129) }, 'This is not a role: '],
  [{ role: 'reader', ttl: '100000000' }, '1 to 99,999,999'],
  [{ role: 'nobody' }, 'Choose one of your roles'],
])('%j is refused, and the page says why', async (fields, words) => {
  await using people = await startLoginApp();
  const answer = await people.post('/credentials', fields, { cookies: await people.signIn() });
  expect(answer.body).toContain(words);
  expect(answer.body).not.toContain('token');
});

test('an ended session gets a page that says so, not a redirect to the issuer, which browsers would block for a form', async () => {
  await using people = await startLoginApp();
  const cookies = await people.signIn();
  people.world.clock.advance(3600);
  for (const [brought, heading] of [
    [cookies, 'Your session has ended'],
    [{}, 'You are not signed in'],
  ] as const) {
    const answer = await people.post('/credentials', { role: 'reader' }, { cookies: brought });
    expect([answer.statusCode, headingOf(answer)]).toEqual([401, heading]);
    expect(answer.body).toContain('href="/login"');
  }
  expect(people.exchanged).toEqual([]);
});

test('the exchange applies the limit by identity', async () => {
  await using people = await startLoginApp({ limits: { perIdentity: 1 } });
  const cookies = await people.signIn();
  await people.post('/credentials', { role: 'reader' }, { cookies });
  const [asked] = people.exchanged;
  if (!asked || !('identity' in asked.subject)) throw new Error('nothing was asked');
  expect(await asked.admit?.(asked.subject.identity)).toBeUndefined();
  expect(await asked.admit?.(asked.subject.identity)).toMatchObject({
    reason: 'too_many_requests',
  });
});
