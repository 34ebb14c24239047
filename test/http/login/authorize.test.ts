import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import {
  authorizeParameters,
  authorizePath,
  headingOf,
  NKEY,
  REDIRECT_URI,
  sessionShown,
} from './pages.ts';
import { type LoginApp, PUBLIC_URL, startLoginApp } from './login-app.ts';

const CALLER = { requestId: 'r', address: '127.0.0.1' };

function answerIn(location: unknown): Record<string, string> {
  const url = new URL(String(location));
  expect(`${url.origin}${url.pathname}`).toBe(REDIRECT_URI);
  return Object.fromEntries(url.searchParams);
}

type Texts = Readonly<Record<string, string>>;

/** The question is read, and its form sent by the same person. */
async function answered(people: LoginApp, cookies: Texts, fields: Texts, changes: Texts = {}) {
  const page = await people.get(authorizePath(changes), { cookies });
  const sent = { ...authorizeParameters(changes), session: sessionShown(page), ...fields };
  return people.post('/authorize', sent, { cookies });
}

describe('GET /authorize', () => {
  test('sends a person who is not signed in to the login, and back with the whole request', async () => {
    await using people = await startLoginApp();
    const path = authorizePath({ scope: 'reader' });
    const answer = await people.get(path);
    expect([answer.statusCode, answer.headers.location]).toEqual([
      303,
      `/login?return_to=${encodeURIComponent(path)}`,
    ]);
  });

  test.each([
    [{ client_id: 'evil' }, 401, 'Unknown program'],
    [{ redirect_uri: 'https://evil.test/callback' }, 400, 'This request is not safe'],
    [{ redirect_uri: 'http://127.0.0.1.evil.test:1/callback' }, 400, 'This request is not safe'],
    [{ redirect_uri: undefined }, 400, 'This request is not safe'],
    [{ nkey: 'UABC' }, 400, 'Invalid request'],
  ])('%j is a page, never a redirect', async (changes, status, heading) => {
    await using people = await startLoginApp();
    const answer = await people.get(authorizePath(changes), { cookies: await people.signIn() });
    expect([answer.statusCode, headingOf(answer)]).toEqual([status, heading]);
    expect(answer.headers.location).toBeUndefined();
  });

  test('with an invalid destination shows exactly what a valid one looks like', async () => {
    await using people = await startLoginApp();
    const path = authorizePath({ redirect_uri: 'http://localhost:1/callback' });
    const { body } = await people.get(path, { cookies: await people.signIn() });
    expect(body).toContain('http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback');
  });

  test('reports other mistakes to the program', async () => {
    await using people = await startLoginApp();
    const answer = await people.get(authorizePath({ response_type: 'token' }));
    expect(answer.statusCode).toBe(303);
    expect(answerIn(answer.headers.location)).toMatchObject({
      error: 'unsupported_response_type',
      state: 'xyz',
      iss: PUBLIC_URL,
    });
  });

  test('offers each role with what it allows, or only the role that the program names', async () => {
    await using people = await startLoginApp();
    const cookies = await people.signIn();
    const all = await people.get(authorizePath(), { cookies });
    expect(all.body.match(/type="radio"/g)).toHaveLength(2);
    const one = await people.get(authorizePath({ scope: 'reader', ttl: '300' }), { cookies });
    expect(one.body).not.toContain('type="radio"');
    expect(one.body).toContain('It gets the role reader');
    expect(one.body).toContain('“orders”, then any one word');
    expect(one.body).toContain('<dd>5 minutes</dd>');
    expect(one.body).not.toContain('publisher');
  });

  test('for a role that the person may not take can only be canceled', async () => {
    await using people = await startLoginApp();
    const path = authorizePath({ scope: 'admin' });
    const { body } = await people.get(path, { cookies: await people.signIn() });
    expect(body).toContain('You cannot take this role');
    expect(body).not.toContain('value="agree"');
    expect(body).toContain('value="refuse">Cancel</button>');
  });
});

describe('POST /authorize', () => {
  test('after approval gives the program a code for the key, role, and port that were shown', async () => {
    await using people = await startLoginApp();
    const cookies = await people.signIn();
    const answer = await answered(people, cookies, { role: 'reader', decision: 'agree' });
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([303, 'no-store']);
    const { code, ...rest } = answerIn(answer.headers.location);
    expect(rest).toEqual({ state: 'xyz', iss: PUBLIC_URL });
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(people.world.told).toMatchObject([
      { step: 'agreed', role: 'reader', user: NKEY, program: 'a tool on a laptop' },
    ]);
    // The verifier is the program's secret: a page that has only the code gets nothing.
    const stolen = { code: code ?? '', redirectUri: REDIRECT_URI, codeVerifier: 'x'.repeat(43) };
    expect(await people.world.one.redeemCode(stolen, CALLER)).toMatchObject({
      reason: 'grant_invalid',
    });
  });

  test('after cancellation tells the program, and records who refused which key to which program', async () => {
    await using people = await startLoginApp();
    const fields = { role: 'reader', decision: 'refuse' };
    const answer = await answered(people, await people.signIn(), fields);
    expect(answerIn(answer.headers.location)).toEqual({
      error: 'access_denied',
      error_description: expect.any(String),
      state: 'xyz',
      iss: PUBLIC_URL,
    });
    expect(people.world.told).toMatchObject([
      { step: 'refused', user: NKEY, program: 'a tool on a laptop', identity: { subject: 'ada' } },
    ]);
  });

  test('says so if a cancellation cannot be recorded', async () => {
    await using people = await startLoginApp();
    const cookies = await people.signIn();
    people.world.journalSays(new Refusal('audit_unavailable', 'It cannot be recorded.'));
    const answer = await answered(people, cookies, { role: 'reader', decision: 'refuse' });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers.location).toBeUndefined();
  });

  test.each([{}, { decision: 'agree ' }, { decision: 'Agree' }])(
    'approves nothing unless the form says exactly "agree" (%j)',
    async (decision) => {
      await using people = await startLoginApp();
      const fields = { role: 'reader', ...decision } as Texts;
      const answer = await answered(people, await people.signIn(), fields);
      expect(answerIn(answer.headers.location)).not.toHaveProperty('code');
    },
  );

  test.each([
    [{}, { role: 'admin' }],
    [{}, {}],
    [{ scope: 'reader' }, { role: 'publisher' }],
  ])('hands over no role that was not offered (%j, %j)', async (changes, role) => {
    await using people = await startLoginApp();
    const fields = { ...role, decision: 'agree' } as Texts;
    const answer = await answered(people, await people.signIn(), fields, changes);
    expect([answer.statusCode, headingOf(answer)]).toEqual([403, 'You cannot take this role']);
    expect(people.world.told).toEqual([]);
  });

  test.each(['agree', 'refuse'])(
    'from a page that another person saw does nothing (%s): the person who is signed in now is asked first',
    async (decision) => {
      await using people = await startLoginApp();
      const page = await people.get(authorizePath(), { cookies: await people.signIn() });
      const eve = await people.signIn({ team: 'orders', sub: 'eve', name: 'Eve <i>' });
      const fields = { ...authorizeParameters(), role: 'reader', decision };
      for (const session of [{ session: sessionShown(page) }, {}]) {
        const sent = { ...fields, ...session };
        const answer = await people.post('/authorize', sent, { cookies: eve });
        expect([answer.statusCode, headingOf(answer)]).toEqual([
          409,
          'Give this program a credential?',
        ]);
        expect(answer.headers.location).toBeUndefined();
        expect(answer.body).toContain(
          'You are now signed in as <strong><bdi>Eve &lt;i&gt;</bdi></strong>. Check again before you agree.',
        );
        expect(people.world.told).toEqual([]);
        expect(sessionShown(answer)).not.toBe(sessionShown(page));
        // Everything that was asked is still there.
        for (const [name, value] of Object.entries(authorizeParameters())) {
          expect(answer.body).toContain(`name="${name}" value="${value}"`);
        }
      }
    },
  );

  test('from a page that was shown again is the answer of the person who sees it now', async () => {
    await using people = await startLoginApp();
    const page = await people.get(authorizePath(), { cookies: await people.signIn() });
    const cookies = await people.signIn();
    const fields = { ...authorizeParameters(), role: 'reader', decision: 'agree' };
    const sent = { ...fields, session: sessionShown(page) };
    const again = await people.post('/authorize', sent, { cookies });
    const answer = await people.post(
      '/authorize',
      { ...fields, session: sessionShown(again) },
      { cookies },
    );
    expect(answerIn(answer.headers.location)).toHaveProperty('code');
  });

  test('without a session hands over nothing, and says so', async () => {
    await using people = await startLoginApp();
    const fields = { ...authorizeParameters(), role: 'reader', decision: 'agree' };
    const answer = await people.post('/authorize', fields);
    expect([answer.statusCode, headingOf(answer)]).toEqual([401, 'You are not signed in']);
    expect(people.world.told).toEqual([]);
  });

  test('leads on by a page to an IPv6 port, which browser policies cannot name', async () => {
    await using people = await startLoginApp();
    const changes = { redirect_uri: 'http://[::1]:53111/callback' };
    const cookies = await people.signIn();
    const page = await people.get(authorizePath(changes), { cookies });
    expect(page.headers['content-security-policy']).toContain("form-action 'self';");
    const fields = { role: 'reader', decision: 'agree' };
    const answer = await answered(people, cookies, fields, changes);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toMatch(
      /<meta http-equiv="refresh" content="0; url=http:\/\/\[::1\]:53111\/callback\?code=[\w-]{43}&amp;/,
    );
  });
});

test('the last page says that the tab can be closed, even to a person who is not signed in', async () => {
  await using people = await startLoginApp();
  const answer = await people.get('/authorize/done');
  expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'Done']);
  expect(answer.body).toContain('Close this tab and return to the program');
});
