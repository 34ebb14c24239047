/** The rules of browser login, each with a test that fails if the check is taken out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { authorizePath, headingOf, NKEY } from './pages.ts';
import { type LoginApp, PUBLIC_URL, startLoginApp } from './login-app.ts';

let people: LoginApp;
let cookies: Record<string, string>;
beforeAll(async () => {
  people = await startLoginApp();
  cookies = await people.signIn();
});
afterAll(() => people[Symbol.asyncDispose]());

describe('strict Content-Security-Policy, no script inline', () => {
  const PAGES = [
    ['/', 200],
    ['/login/callback', 400],
    ['/logout', 200],
    ['/device', 200],
    ['/device?user_code=BBBB-BBBB', 400],
    ['/authorize', 401],
    ['/authorize/done', 200],
  ] as const;

  test.each(PAGES)('%s', async (path, status) => {
    await using people = await startLoginApp({
      logins: {
        finish: async () => ({ refusal: new Refusal('login_unknown', 'Unknown.') }),
      },
    });
    const answer = await people.get(path, { cookies: await people.signIn() });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000',
    });
    expect(answer.body).toMatch(/<html lang="en">/);
    expect(answer.body.match(/<h1[ >]/g)).toHaveLength(1);
    expect(answer.body).not.toMatch(/<script|<style|\son\w+=|\sstyle=|javascript:/i);
  });

  test('a form may redirect to one loopback port, and only for the program on that port', async () => {
    const answer = await people.get(authorizePath(), { cookies });
    expect(answer.headers['content-security-policy']).toContain(
      "form-action 'self' http://127.0.0.1:53111; ",
    );
  });
});

describe('forms count only from pages of the same origin', () => {
  const FORMS = ['/credentials', '/logout', '/device', '/authorize'];

  test.each(FORMS)('%s refuses a form from another site, or from an unknown one', async (path) => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      // What an old browser says does not outweigh what a new one does.
      { 'sec-fetch-site': 'cross-site', origin: PUBLIC_URL },
      {},
      { origin: 'null' },
      { origin: 'https://evil.test' },
      { origin: `${PUBLIC_URL}.evil.test` },
      { origin: 'http://sts.test' },
    ]) {
      const answer = await people.post(path, { role: 'reader' }, { cookies, headers });
      expect([headers, answer.statusCode, headingOf(answer)]).toEqual([
        headers,
        403,
        'This form came from another site',
      ]);
    }
    expect(people.exchanged).toEqual([]);
    expect((await people.get('/', { cookies })).body).toContain('Your access to NATS');
  });

  test('the Origin of an older browser is trusted', async () => {
    const headers = { origin: PUBLIC_URL };
    const answer = await people.post('/credentials', { role: 'reader' }, { cookies, headers });
    expect(answer.statusCode).toBe(200);
  });
});

describe('a confirmation page before a credential is handed to a command line', () => {
  test('opening the address of the request hands over nothing', async () => {
    const answer = await people.get(authorizePath(), { cookies });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.location).toBeUndefined();
    expect(headingOf(answer)).toBe('Give this program a credential?');
    expect(people.world.told.filter(({ step }) => step === 'agreed')).toEqual([]);
  });

  test('it says which program, which key, which role and for how long', async () => {
    const { body } = await people.get(authorizePath({ program: 'a <b>tool</b>' }), { cookies });
    for (const text of [
      'a &lt;b&gt;tool&lt;/b&gt;',
      'on this computer, port 53111',
      `${NKEY.slice(0, 7)}…${NKEY.slice(-5)}`,
      'publisher',
      'up to 8 hours',
    ]) {
      expect(body).toContain(text);
    }
  });
});

describe('IdP error texts are escaped', () => {
  const HOSTILE = `<script>alert("1")</script>'\u202E`;

  test('and shown as the words of the provider', async () => {
    await using people = await startLoginApp({
      logins: {
        finish: async () => ({
          refusal: new Refusal('login_refused', 'Refused.'),
          issuerSaid: HOSTILE,
          issuerName: 'dev',
          returnTo: '/device',
        }),
      },
    });
    const answer = await people.get('/login/callback?error=access_denied&state=x');
    expect(answer.statusCode).toBe(403);
    expect(answer.body).toContain(
      '<blockquote><bdi>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;�</bdi></blockquote>',
    );
    expect(answer.body).toContain('Your provider said');
    expect(answer.body).toContain('href="/login?issuer=dev&amp;return_to=%2Fdevice"');
  });

  test('as are claims, program names and what people type', async () => {
    const hostile = await people.signIn({ team: 'orders', name: HOSTILE, email: HOSTILE });
    const program = '<script>x</script>';
    for (const path of [
      '/',
      authorizePath({ program }),
      `/device?user_code=${encodeURIComponent('"><script>')}`,
    ]) {
      const { body } = await people.get(path, { cookies: hostile });
      expect(body).not.toMatch(/<script|\u202E/);
      expect(body).toContain('&lt;script&gt;');
    }
  });
});

describe('nothing is kept by browsers or proxies', () => {
  test('neither a credential nor a redirect', async () => {
    const credential = await people.post('/credentials', { role: 'reader' }, { cookies });
    expect(credential.headers['cache-control']).toBe('no-store');
    const toLogin = await people.get('/device');
    expect([toLogin.statusCode, toLogin.headers['cache-control']]).toEqual([303, 'no-store']);
  });
});
