import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { role } from '../../policy/support.ts';
import { cookiesSet, headingOf } from './pages.ts';
import { BINDINGS, CONTACT, ROLES, startLoginApp } from './login-app.ts';

describe('a person who is not signed in', () => {
  test('sees what this is, and where to sign in', async () => {
    await using people = await startLoginApp({
      issuers: [
        { name: 'dev', title: 'Acme' },
        { name: 'b', title: '<Partners>' },
      ],
    });
    const answer = await people.get('/');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain(
      '<a class="button" href="/login?issuer=dev">Sign in with Acme</a>',
    );
    expect(answer.body).toContain('Sign in with &lt;Partners&gt;');
    expect(answer.body).not.toContain('Sign out');
  });

  test('sees how programs get credentials if sign-in is not configured', async () => {
    await using people = await startLoginApp({ issuers: [] });
    const { body } = await people.get('/');
    expect(body).toContain('https://sts.test/exchange');
    expect(body).not.toContain('href="/login');
  });

  test.each(['1.forged', '2.half', 'no count', '9.x'])(
    'sees the same page with an invalid cookie (%s)',
    async (value) => {
      await using people = await startLoginApp();
      const answer = await people.get('/', { cookies: { '__Host-nats-sts-session': value } });
      expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'Short-lived access to NATS']);
    },
  );

  test('because the session ended sees that, and the cookie is deleted', async () => {
    await using people = await startLoginApp();
    const cookies = await people.signIn();
    people.world.clock.advance(3600);
    const answer = await people.get('/', { cookies });
    expect(answer.body).toContain('Your session ended');
    expect(cookiesSet(answer)).toEqual([
      expect.stringMatching(/^__Host-nats-sts-session=; Max-Age=0;/),
    ]);
  });
});

test('and whose access was revoked sees that, and keeps no session', async () => {
  const revoked = new Refusal('token_revoked', 'This token was revoked.');
  await using people = await startLoginApp({ logins: { open: async () => revoked } });
  const answer = await people.get('/', { cookies: { '__Host-nats-sts-session': '1.x' } });
  expect([answer.statusCode, headingOf(answer)]).toEqual([401, 'Sign in again']);
  expect(cookiesSet(answer)).toHaveLength(1);
});

test('keeps a session that cannot be checked right now', async () => {
  const down = new Refusal('store_unavailable', 'Not now.', { retryAfterSeconds: 5 });
  await using people = await startLoginApp({ logins: { open: async () => down } });
  const answer = await people.get('/', { cookies: { '__Host-nats-sts-session': '1.x' } });
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
  expect(cookiesSet(answer)).toEqual([]);
});

describe('a person who is signed in', () => {
  test('sees who they are and until when', async () => {
    await using people = await startLoginApp();
    const cookies = await people.signIn({ team: 'orders', email: 'ada@acme.test' });
    people.world.clock.advance(1200);
    const { body } = await people.get('/', { cookies });
    for (const text of [
      'Ada',
      'ada@acme.test',
      'https://issuer.test',
      'in 40 minutes',
      '11:30 UTC',
    ]) {
      expect(body).toContain(text);
    }
    expect(body).toContain('<form method="post" action="/logout">');
  });

  test('sees what each role allows, and downloads its credential', async () => {
    await using people = await startLoginApp();
    const { body } = await people.get('/', { cookies: await people.signIn() });
    const cards = body.split('<article').slice(1);
    expect(cards).toHaveLength(2);
    for (const text of [
      'id="role-publisher"',
      'account APP',
      'Writes orders',
      'everything under “orders”',
      '<code>orders.&gt;</code>',
      'except',
      '<code>orders.secret</code>',
      'at most 8 hours',
      '<input type="hidden" name="role" value="publisher">',
      'nats context add publisher --server nats://127.0.0.1:4222 --creds ~/Downloads/publisher.creds --select',
    ]) {
      expect(cards[0]).toContain(text);
    }
    const lifetimes = Array.from(
      (cards[0] ?? '').matchAll(/<option value="(\d+)">/g),
      ([, s]) => s,
    );
    expect(lifetimes).toEqual(['28800', '14400', '3600', '900']);
    expect(cards[1]).not.toContain('<select');
  });

  test('sees how to do it on the command line', async () => {
    await using people = await startLoginApp();
    const { body } = await people.get('/', { cookies: await people.signIn() });
    expect(body).toContain('<code>nats-sts login --url https://sts.test</code>');
  });

  test('finds the console only as an administrator', async () => {
    await using people = await startLoginApp();
    const page = async (team: string) =>
      (await people.get('/', { cookies: await people.signIn({ team }) })).body;
    expect(await page('orders')).not.toContain('/console');
    expect(await page('platform')).toContain('<a href="/console">Console</a>');
  });
});

describe('a denied person', () => {
  test('sees which claims did not match, what their own token says, and whom to ask', async () => {
    await using people = await startLoginApp({
      bindings: [
        {
          name: 'secret binding',
          issuer: 'dev',
          match: { team: 'wanted-team', level: 7, region: 'eu' },
          roles: ['reader'],
        },
      ],
    });
    const cookies = await people.signIn({ team: '<b>sales</b>', region: 'eu' });
    const answer = await people.get('/', { cookies });
    expect(answer.statusCode).toBe(200);
    const { body } = answer;
    expect(body).toContain('You have no access');
    expect(body).toMatch(/<dt>team<\/dt><dd>your token says .*&lt;b&gt;sales&lt;\/b&gt;/);
    expect(body).toContain('<dt>level</dt><dd>your token says <em>nothing</em></dd>');
    expect(body).toContain(CONTACT);
    expect(body).toMatch(/give this ID: <code class="all">[0-9a-f-]{36}<\/code>/);
    // What fits needs no mention; what is wanted, and by which rule, is nobody's business.
    for (const secret of ['<dt>region', 'wanted-team', 'secret binding', '>7<', 'reader']) {
      expect(body).not.toContain(secret);
    }
  });

  test('by an expression sees the claims that it uses, but not the expression', async () => {
    await using people = await startLoginApp({
      bindings: [
        {
          name: 'x',
          issuer: 'dev',
          match: {},
          when: 'claims.team == "wanted-team" && claims.level > 3',
          roles: ['reader'],
        },
      ],
    });
    const { body } = await people.get('/', {
      cookies: await people.signIn({ team: 'sales', level: 2 }),
    });
    expect(body).toMatch(/<dt>claims\.team<\/dt>|<dt>team<\/dt>/);
    expect(body).not.toContain('wanted-team');
    expect(body).not.toContain('&amp;&amp;');
  });

  test('is recorded under the ID on the page; a person with a role is not', async () => {
    await using people = await startLoginApp();
    const { body } = await people.get('/', { cookies: await people.signIn({ team: 'sales' }) });
    const [, id] = /give this ID: <code class="all">([0-9a-f-]{36})/.exec(body) ?? [];
    expect(people.denied).toEqual([{ subject: 'ada', reason: 'no_binding', requestId: id }]);
    await people.get('/', { cookies: await people.signIn() });
    expect(people.denied).toHaveLength(1);
  });

  test('who is an administrator sees the way to the console instead, and is not recorded as denied', async () => {
    await using people = await startLoginApp();
    const { body } = await people.get('/', { cookies: await people.signIn({ team: 'platform' }) });
    expect(body).toContain('You administer this service.');
    expect(body).toContain('<a class="button" href="/console">Open the console</a>');
    expect(body).not.toContain('You have no access');
    expect(people.denied).toEqual([]);
  });

  test('sees it if that cannot be recorded, or if there are too many requests', async () => {
    const unrecorded = new Refusal('audit_unavailable', 'It cannot be recorded.');
    await using broken = await startLoginApp({ unrecorded });
    const cookies = await broken.signIn({ team: 'sales' });
    expect((await broken.get('/', { cookies })).statusCode).toBe(503);
    await using people = await startLoginApp({ limits: { perIdentity: 1 } });
    const again = { cookies: await people.signIn({ team: 'sales' }) };
    expect((await people.get('/', again)).statusCode).toBe(200);
    expect((await people.get('/', again)).statusCode).toBe(429);
    expect(people.denied).toHaveLength(1);
  });

  test('whose issuer has no binding sees that', async () => {
    await using people = await startLoginApp({ bindings: [] });
    const { body } = await people.get('/', { cookies: await people.signIn() });
    expect(body).toContain('no rule grants access to users of your provider');
  });

  test('sees why their values do not fit a role', async () => {
    const mine = role('mine', { publish: { allow: ['own.{{claims.dept}}.>'], deny: [] } });
    await using people = await startLoginApp({
      roles: [...ROLES, mine],
      bindings: [
        ...BINDINGS,
        { name: 'y', issuer: 'dev', match: { team: 'orders' }, roles: ['mine'] },
      ],
    });
    const { body } = await people.get('/', { cookies: await people.signIn() });
    expect(body).toContain('Roles you cannot take yet');
    expect(body).toContain('<h3>mine</h3>');
    expect(body).toContain('claims.dept');
  });
});

test.each([
  ['nothing', 'This role is not ready yet', 'about 18 seconds'],
  ['outdated key', 'This role was changed', 'about 18 seconds'],
] as const)(
  'a role that waits for its key (until then: %s) says so, and for how long',
  async (until, what, when) => {
    const pending = { until, stage: 'waiting', seconds: 18, waitsFor: ['secret-host'] } as const;
    await using people = await startLoginApp({ pending });
    const { body } = await people.get('/', { cookies: await people.signIn() });
    expect(body).toContain(what);
    expect(body).toContain(when);
    expect(body).not.toContain('secret-host');
  },
);
