import { expect, test } from 'vitest';
import { cookieJar } from '../../../../src/http/pages/cookies/cookie-jar.ts';
import { cookiesSet, headingOf } from '../../login/pages.ts';
import { startLoginApp } from '../../login/login-app.ts';

test('two deployments on one host leave each other’s sessions alone', async () => {
  await using one = await startLoginApp({ publicUrl: 'https://sts.test' });
  await using other = await startLoginApp({ publicUrl: 'https://sts.test:8443' });
  // A browser sends both to both: cookies do not know ports.
  const cookies = { ...(await one.signIn()), ...(await other.signIn()) };
  for (const people of [one, other]) {
    const home = await people.get('/', { cookies });
    expect(headingOf(home)).toBe('Your access to NATS');
    expect(cookiesSet(home)).toEqual([]);
  }
});

test.each([
  ['https://sts.test', '__Host-nats-sts'],
  ['https://sts.test:443', '__Host-nats-sts'],
  ['https://sts.test:8443', '__Host-nats-sts-8443'],
  ['http://127.0.0.1:8080', 'nats-sts-8080'],
  ['http://[::1]:8080', 'nats-sts-8080'],
])('cookies of %s begin with %s', (publicUrl, prefix) => {
  expect(cookieJar(publicUrl).prefix).toBe(prefix);
});
