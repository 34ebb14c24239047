import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import type { LoginAnswer, Logins } from '../../../src/login/logins.ts';
import type { Session } from '../../../src/login/session.ts';
import { cookiesSet, headingOf } from './pages.ts';
import { type LoginApp, type PeopleAppOptions, startLoginApp } from './login-app.ts';

const BEGUN = {
  url: new URL('https://issuer.test/authorize?state=s'),
  attemptId: 'abcdefghijkl',
  attempt: 'sealed.attempt',
  attemptSeconds: 600,
};

const TWO = [
  { name: 'dev', title: 'Acme' },
  { name: 'other', title: 'Partners <&>' },
];

/** An app whose logins begin, and what they were asked. */
async function startLogins(options: PeopleAppOptions = {}) {
  const asked: Parameters<Logins['begin']>[0][] = [];
  const answered: LoginAnswer[] = [];
  let outcome: Awaited<ReturnType<Logins['finish']>> = { refusal: UNKNOWN };
  const people = await startLoginApp({
    ...options,
    logins: {
      begin: async (ask) => {
        asked.push(ask);
        return BEGUN;
      },
      attemptIdOf: (url) => (url.includes('state=s') ? BEGUN.attemptId : undefined),
      finish: async (answer) => {
        answered.push(answer);
        return outcome;
      },
      ...options.logins,
    },
  });
  const signsIn = (sealed: string, session: Session = people.world.session()) => {
    outcome = { session, sealed, returnTo: '/device?user_code=BCDF-GHJK' };
  };
  return { people, asked, answered, signsIn, [Symbol.asyncDispose]: () => disposed(people) };
}

const disposed = (people: LoginApp) => people[Symbol.asyncDispose]();
const UNKNOWN = new Refusal('login_unknown', 'This login is not known here.');

describe('GET /login', () => {
  test('with one issuer redirects there at once, with the attempt in its own cookie', async () => {
    await using world = await startLogins();
    const answer = await world.people.get('/login?return_to=%2Fdevice%3Fuser_code%3DX');
    expect([answer.statusCode, answer.headers.location]).toEqual([303, BEGUN.url.href]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(world.asked).toEqual([{ issuerName: 'dev', returnTo: '/device?user_code=X' }]);
    expect(cookiesSet(answer)).toEqual([
      '__Host-nats-sts-login-abcdefghijkl=sealed.attempt; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax',
    ]);
  });

  test('with several issuers lets people choose, and remembers where they wanted to go', async () => {
    await using world = await startLogins({ issuers: TWO });
    const answer = await world.people.get('/login?return_to=%2Fdevice');
    expect([answer.statusCode, headingOf(answer)]).toEqual([200, 'Sign in']);
    expect(answer.body).toContain('href="/login?issuer=dev&amp;return_to=%2Fdevice">Acme</a>');
    expect(answer.body).toContain('>Partners &lt;&amp;&gt;</a>');
    expect(world.asked).toEqual([]);
    await world.people.get('/login?issuer=other');
    expect(world.asked).toEqual([{ issuerName: 'other', returnTo: '/' }]);
  });

  test('with an unknown issuer lets people choose again', async () => {
    await using world = await startLogins({ issuers: TWO });
    for (const query of ['issuer=nobody', 'issuer=dev&issuer=other', 'issuer=__proto__']) {
      const answer = await world.people.get(`/login?${query}`);
      expect([answer.statusCode, headingOf(answer)]).toEqual([404, 'Sign in']);
      expect(answer.body).toContain(
        'This service does not know the provider in this link. Choose another.',
      );
    }
    expect(world.asked).toEqual([]);
    expect((await world.people.get('/login')).body).not.toContain('not known here');
  });

  test('with an unknown issuer does not redirect, even if there is only one issuer', async () => {
    await using world = await startLogins();
    const answer = await world.people.get('/login?issuer=nobody&return_to=%2Fdevice');
    expect([answer.statusCode, headingOf(answer)]).toEqual([404, 'Sign in']);
    expect(answer.body).toContain('href="/login?issuer=dev&amp;return_to=%2Fdevice">Acme</a>');
    expect(world.asked).toEqual([]);
  });

  test('without issuers says so', async () => {
    await using world = await startLogins({ issuers: [] });
    const answer = await world.people.get('/login');
    expect([answer.statusCode, headingOf(answer)]).toEqual([404, 'Sign-in is not available']);
  });

  test('while the issuer is down says so, when to try again, and how', async () => {
    const down = new Refusal('issuer_unavailable', 'Down.', {
      detail: 'connect ECONNREFUSED 10.1.2.3',
      retryAfterSeconds: 30,
    });
    await using world = await startLogins({ logins: { begin: async () => down } });
    const answer = await world.people.get('/login?return_to=%2Fdevice');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '30']);
    expect(headingOf(answer)).toBe('Your provider is not responding');
    expect(answer.body).toContain('Try again in 30 seconds');
    expect(answer.body).toContain('href="/login?issuer=dev&amp;return_to=%2Fdevice"');
    expect(answer.body).not.toContain('10.1.2.3');
  });

  test('keeps no more than four attempts in a browser; the oldest are deleted', async () => {
    await using world = await startLogins();
    const attempts = Array.from({ length: 6 }, (_, at) => [`__Host-nats-sts-login-${at}`, 'x']);
    const cookies = Object.fromEntries(attempts) as Record<string, string>;
    const set = cookiesSet(await world.people.get('/login', { cookies }));
    const cleared = set.filter((cookie) => cookie.includes('Max-Age=0'));
    expect(cleared.map((cookie) => cookie.split('=')[0])).toEqual([
      '__Host-nats-sts-login-0',
      '__Host-nats-sts-login-1',
      '__Host-nats-sts-login-2',
    ]);
  });

  test('deletes eight attempts at once, however many the browser sent', async () => {
    await using world = await startLogins();
    const attempts = Array.from({ length: 40 }, (_, at) => [`__Host-nats-sts-login-${at}`, 'x']);
    const cookies = Object.fromEntries(attempts) as Record<string, string>;
    const set = cookiesSet(await world.people.get('/login', { cookies }));
    expect(set.filter((cookie) => cookie.includes('Max-Age=0'))).toHaveLength(8);
    expect(set).toHaveLength(9);
  });

  test.each(['/login', '/login/callback?state=s', '/login/callback/partners?state=s'])(
    'HEAD of %s begins and uses up nothing',
    async (url) => {
      await using world = await startLogins();
      const answer = await world.people.app.inject({ method: 'HEAD', url });
      expect(answer.statusCode).toBe(405);
      expect([...world.asked, ...world.answered]).toEqual([]);
    },
  );
});

describe('GET /login/callback', () => {
  test('hands over the attempt that the state belongs to, once', async () => {
    await using world = await startLogins();
    const cookies = {
      '__Host-nats-sts-login-abcdefghijkl': 'mine',
      '__Host-nats-sts-login-zzzzzzzzzzzz': 'of another tab',
    };
    const answer = await world.people.get('/login/callback?code=c&state=s', { cookies });
    expect(world.answered).toEqual([{ url: '/login/callback?code=c&state=s', attempt: 'mine' }]);
    expect(cookiesSet(answer)).toEqual([
      '__Host-nats-sts-login-abcdefghijkl=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
    ]);
  });

  test('passes on the path that the answer came to, unchanged', async () => {
    await using world = await startLogins();
    const paths = ['/login/callback', '/login/callback/partners', '/login/callback/p%61rtners'];
    for (const path of paths) await world.people.get(`${path}?code=c&state=s`);
    expect(world.answered.map(({ url }) => url)).toEqual(
      paths.map((path) => `${path}?code=c&state=s`),
    );
    const deeper = await world.people.get('/login/callback/a/b?code=c&state=s');
    expect(deeper.statusCode).toBe(404);
    expect(world.answered).toHaveLength(paths.length);
  });

  test('of an unknown login is a page with a link to continue', async () => {
    await using world = await startLogins();
    const answer = await world.people.get('/login/callback?code=stolen&state=forged');
    expect([answer.statusCode, headingOf(answer)]).toEqual([
      400,
      'This sign-in cannot be completed',
    ]);
    expect(answer.body).toContain('<a class="button" href="/login">Sign in again</a>');
    expect(world.answered).toEqual([
      { url: '/login/callback?code=stolen&state=forged', attempt: undefined },
    ]);
  });

  test('that can belong to no login says that it is incomplete', async () => {
    await using world = await startLogins({
      logins: { finish: async () => ({ refusal: UNKNOWN, incomplete: true }) },
    });
    const answer = await world.people.get('/login/callback?code=x');
    expect([answer.statusCode, headingOf(answer)]).toEqual([
      400,
      'Your provider sent an incomplete answer',
    ]);
    expect(answer.body).toContain('<a class="button" href="/login">Sign in again</a>');
  });

  test('that cannot be recorded says so, complete or not', async () => {
    const refusal = new Refusal('audit_unavailable', 'It cannot be recorded.');
    await using world = await startLogins({
      logins: { finish: async () => ({ refusal, incomplete: true }) },
    });
    const answer = await world.people.get('/login/callback');
    expect([answer.statusCode, headingOf(answer)]).toEqual([503, 'Temporarily unavailable']);
  });

  test('that succeeds sets the session until its end, and redirects to where the person wanted to go', async () => {
    await using world = await startLogins();
    world.signsIn('sealed');
    const answer = await world.people.get('/login/callback?code=c&state=s');
    expect([answer.statusCode, answer.headers.location]).toEqual([
      303,
      '/device?user_code=BCDF-GHJK',
    ]);
    expect(cookiesSet(answer)).toEqual([
      '__Host-nats-sts-session=1.sealed; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax',
    ]);
  });

  test('over plain http on loopback sets cookies that browsers accept there', async () => {
    await using world = await startLogins({ publicUrl: 'http://127.0.0.1:8080' });
    world.signsIn('sealed');
    expect(cookiesSet(await world.people.get('/login/callback?code=c&state=s'))).toEqual([
      'nats-sts-8080-session=1.sealed; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax',
    ]);
    expect(cookiesSet(await world.people.get('/login'))).toEqual([
      'nats-sts-8080-login-abcdefghijkl=sealed.attempt; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
    ]);
  });

  test('does not keep a session that is larger than browsers allow', async () => {
    await using world = await startLogins();
    world.signsIn('x'.repeat(4 * 3800 + 1));
    const answer = await world.people.get('/login/callback?code=c&state=s');
    expect([answer.statusCode, headingOf(answer)]).toEqual([403, 'Your session is too large']);
    expect(cookiesSet(answer)).toEqual([]);
  });
});

describe('a large session', () => {
  async function opening() {
    const opened: string[] = [];
    const world = await startLogins({
      logins: {
        open: async (sealed) => {
          opened.push(sealed);
          return new Refusal('session_missing', 'Over.');
        },
      },
    });
    const set = async (sealed: string) => {
      world.signsIn(sealed);
      return cookiesSet(await world.people.get('/login/callback?code=c&state=s'));
    };
    return { ...world, opened, set };
  }

  const pairs = (set: readonly string[]) =>
    set.map((cookie) => cookie.split(';', 1)[0]?.split('=') as [string, string]);

  test.each([3800, 3801, 2 * 3800, 4 * 3800])('of %i characters comes back whole', async (size) => {
    await using world = await opening();
    const sealed = Array.from({ length: size }, (_, at) => String(at % 10)).join('');
    const set = await world.set(sealed);
    expect(set).toHaveLength(Math.ceil(size / 3800));
    for (const cookie of set) expect(cookie.length).toBeLessThan(4096);
    await world.people.get('/', { cookies: Object.fromEntries(pairs(set)) });
    expect(world.opened).toEqual([sealed]);
  });

  test.each([0, 1, 2])('without part %i is invalid', async (missing) => {
    await using world = await opening();
    const set = await world.set('x'.repeat(3 * 3800));
    const cookies = Object.fromEntries(pairs(set).toSpliced(missing, 1));
    expect(Object.keys(cookies)).toHaveLength(2);
    await world.people.get('/', { cookies });
    expect(world.opened).toEqual([]);
  });

  test('that is replaced by a small one leaves no parts behind, and none of them is used', async () => {
    await using world = await startLogins();
    world.signsIn('small');
    const left = { '__Host-nats-sts-session-1': 'old', '__Host-nats-sts-session-3': 'old' };
    const set = cookiesSet(
      await world.people.get('/login/callback?code=c&state=s', { cookies: left }),
    );
    expect(set.map((cookie) => cookie.split(';', 2).join(';'))).toEqual([
      '__Host-nats-sts-session=1.small; Max-Age=3600',
      '__Host-nats-sts-session-1=; Max-Age=0',
      '__Host-nats-sts-session-3=; Max-Age=0',
    ]);
    const signedIn = await world.people.signIn();
    const home = await world.people.get('/', { cookies: { ...signedIn, ...left } });
    expect(headingOf(home)).toBe('Your access to NATS');
  });
});
