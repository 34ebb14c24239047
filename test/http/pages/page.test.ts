import { describe, expect, test } from 'vitest';
import { asset, icon, styleSheet } from '../../../src/http/pages/assets.ts';
import { headingOf } from '../login/pages.ts';
import { startLoginApp } from '../login/login-app.ts';

const LOGO = {
  contentType: 'image/svg+xml',
  content: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
};

describe('files of pages', () => {
  test('are named by their content, and kept by browsers for ever', async () => {
    await using people = await startLoginApp();
    const { body } = await people.get('/');
    expect(body).toContain(`<link rel="stylesheet" href="${styleSheet.path}">`);
    for (const [{ path }, type] of [
      [styleSheet, 'text/css; charset=utf-8'],
      [icon, 'image/svg+xml'],
    ] as const) {
      const answer = await people.get(path);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers).toMatchObject({
        'content-type': type,
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      });
    }
    expect(asset('a', 'js', 'one').path).not.toBe(asset('a', 'js', 'two').path);
    expect(asset('a', 'js', 'one').path).toMatch(/^\/assets\/a\.[\w-]{12}\.js$/);
  });

  test('a logo is served only as an image, whatever it contains', async () => {
    await using people = await startLoginApp({ branding: { name: 'Acme', logo: LOGO } });
    const { body } = await people.get('/');
    const [, path = ''] = /<img src="([^"]+)" alt="" height="28">/.exec(body) ?? [];
    expect(path).toMatch(/^\/assets\/logo\?v=/);
    const answer = await people.get(path);
    expect(answer.rawPayload).toEqual(LOGO.content);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
    });
  });

  test('without a logo, its path does not exist', async () => {
    await using people = await startLoginApp();
    expect((await people.get('/assets/logo')).statusCode).toBe(404);
  });
});

describe('the frame', () => {
  test('names the service and whom to ask, escaped', async () => {
    await using people = await startLoginApp({
      branding: { name: 'A <b>&</b> Co' },
      contact: '"><script>x</script>',
    });
    const { body } = await people.get('/');
    expect(body).toContain('<title>Welcome · A &lt;b&gt;&amp;&lt;/b&gt; Co</title>');
    expect(body).toContain('Ask <strong>&quot;&gt;&lt;script&gt;x&lt;/script&gt;</strong>');
  });

  test('has landmarks, a link past the header, and a language', async () => {
    await using people = await startLoginApp();
    const { body } = await people.get('/', { cookies: await people.signIn({ team: 'platform' }) });
    for (const text of [
      '<html lang="en">',
      '<a class="skip" href="#main">',
      '<header',
      '<nav aria-label="Main">',
      '<main id="main"',
      '<footer',
      'aria-current="page"',
    ]) {
      expect(body).toContain(text);
    }
  });

  test('promises https only if the service is reached over https', async () => {
    await using people = await startLoginApp({ publicUrl: 'http://127.0.0.1:8080' });
    expect((await people.get('/')).headers).not.toHaveProperty('strict-transport-security');
  });
});

describe('an error is a page', () => {
  test('for too many requests, before anything else', async () => {
    await using people = await startLoginApp({ limits: { perAddress: 1 } });
    await people.get('/');
    const answer = await people.get('/');
    expect([answer.statusCode, headingOf(answer)]).toEqual([429, 'Too many requests']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('for a fault, whose cause is in the log and not on the page', async () => {
    const fault = new Error('secret of the machine');
    await using people = await startLoginApp({
      logins: { open: () => Promise.reject(fault) },
    });
    const answer = await people.get('/', { cookies: { '__Host-nats-sts-session': '1.x' } });
    expect([answer.statusCode, headingOf(answer)]).toEqual([500, 'Something went wrong']);
    expect(answer.body).not.toContain('secret of the machine');
    expect(people.faults).toEqual([fault]);
  });

  test.each([
    ['application/json', '{}', 415],
    ['application/x-www-form-urlencoded', `role=${'x'.repeat(70_000)}`, 413],
  ])('for a body that is not a form (%s)', async (type, payload, status) => {
    await using people = await startLoginApp();
    const headers = { 'content-type': type, 'sec-fetch-site': 'same-origin' };
    const answer = await people.app.inject({
      method: 'POST',
      url: '/credentials',
      headers,
      payload,
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  });

  test('for an unknown path, in the format that the client accepts', async () => {
    await using people = await startLoginApp();
    const browser = await people.get('/nothing', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([browser.statusCode, headingOf(browser)]).toEqual([404, 'Page not found']);
    const program = await people.get('/nothing', { headers: { accept: '*/*' } });
    expect(program.headers['content-type']).toBe('application/problem+json');
    const wrong = await people.get('/exchange', { headers: { accept: 'text/html' } });
    expect([wrong.statusCode, wrong.headers['allow']]).toEqual([405, 'POST']);
  });
});
