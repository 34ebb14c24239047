import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { memorySingleUse } from '../../../src/identity/single-use.ts';
import type { LoginSpec } from '../../../src/login/login-spec.ts';
import { memoryState } from '../../revocation/memory-state.ts';
import { revocation } from '../../revocation/support.ts';
import { type IdentityProvider, startIdentityProvider } from '../../support/identity-provider.ts';
import { createBrowser, signIn } from '../../support/people.ts';
import { REFUSED } from '../../support/people-pages.ts';
import {
  begin,
  CALLER,
  failed,
  finish,
  finished,
  loginSpec,
  newClientKey,
  PEOPLE,
  PUBLIC_URL,
  reasonOf,
  REDIRECT_URI,
  type Replica,
  SECRET,
  startReplica,
  WEB_CLIENT,
} from '../world.ts';
import { eventually } from '../../support/eventually.ts';

/** Whole logins at a real provider, by a browser without Chromium. */

let company: IdentityProvider;
let partner: IdentityProvider;
const clientKey = newClientKey();

beforeAll(async () => {
  const provider = (webClients: Parameters<typeof startIdentityProvider>[0]['webClients']) =>
    startIdentityProvider({
      audience: 'none',
      clients: [],
      people: PEOPLE,
      webClients: webClients!,
    });
  const { redirectUris, postLogoutRedirectUris } = WEB_CLIENT;
  const uris = { redirectUris, postLogoutRedirectUris };
  company = await provider([
    WEB_CLIENT,
    { id: 'sts-public', public: true, idTokenAlgorithm: 'Ed25519', ...uris },
    {
      id: 'sts-key',
      jwks: { keys: [{ ...clientKey.publicKey.export({ format: 'jwk' }), kid: 'k1' }] },
      ...uris,
    },
    { id: 'sts-body', secret: SECRET, secretInBody: true, ...uris },
  ]);
  partner = await provider([{ ...WEB_CLIENT, redirectUris: [PUBLIC_URL + PARTNER_PATH] }]);
});

afterAll(async () => {
  await company.close();
  await partner.close();
});

const companySpec = (changes: Partial<LoginSpec> = {}) =>
  loginSpec({ issuer: company.issuer, ...changes });
const PARTNER_PATH = '/login/callback/partner';
const partnerSpec = () =>
  loginSpec({ issuer: partner.issuer, issuerName: 'partner', redirectPath: PARTNER_PATH });

/** A person's part of a login: from our page to the address that the provider sends them back to. */
async function visit(url: URL, person = 'Ada Lovelace'): Promise<URL> {
  const browser = createBrowser({ stopAt: ({ origin }) => origin === PUBLIC_URL });
  return (await signIn(browser, url.href, person)).url;
}

async function login(replica: Replica, returnTo = '/') {
  const { url, attempt } = await begin(replica, { returnTo });
  return finished(finish(replica, await visit(url), attempt));
}

describe('a person', () => {
  test.each<[string, () => Partial<LoginSpec>]>([
    ['a client secret', () => ({})],
    ['no secret, as a public client', () => publicClient()],
    ['a key of its own', () => keyClient()],
  ])('signs in where the service authenticates by %s', async (_, client) => {
    using replica = await startReplica({ specs: [companySpec(client())] });
    const { session, sealed, returnTo } = await login(replica, '/console?x=1');
    expect(session.identity).toMatchObject({
      issuerName: 'company',
      issuer: company.issuer,
      subject: 'ada',
      kind: 'id_token',
      claims: { name: 'Ada Lovelace', groups: ['engines', 'notes'] },
    });
    expect(returnTo).toBe('/console?x=1');
    expect(await replica.logins.open(sealed)).toEqual(session);
  });

  const publicClient = (): Partial<LoginSpec> => ({
    clientId: 'sts-public',
    authentication: { method: 'none' },
  });
  const keyClient = (): Partial<LoginSpec> => ({
    clientId: 'sts-key',
    authentication: {
      method: 'private_key_jwt',
      key: clientKey.privateKey,
      algorithm: 'ES256',
      keyId: 'k1',
    },
  });

  test('is recorded when the login begins, and when it ends', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { session } = await login(replica);
    expect(replica.journal).toEqual([
      { step: 'begun', issuerName: 'company' },
      {
        step: 'signed-in',
        issuerName: 'company',
        identity: session.identity,
        session: session.id,
      },
    ]);
  });

  test('is not signed in if that cannot be recorded', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    const back = await visit(url);
    replica.breakJournal();
    expect(await reasonOf(finish(replica, back, attempt))).toBe('audit_unavailable');
    expect(
      await replica.logins.begin({ issuerName: 'company', returnTo: '/' }, CALLER),
    ).toMatchObject({ reason: 'audit_unavailable' });
  });

  test('chooses among issuers, in the order of the configuration', async () => {
    using replica = await startReplica({ specs: [partnerSpec(), companySpec()] });
    expect(replica.logins.issuers()).toEqual([
      { name: 'partner', title: 'The company' },
      { name: 'company', title: 'The company' },
    ]);
    const { url, attempt } = await begin(replica, { issuerName: 'partner' });
    const { session } = await finished(finish(replica, await visit(url, 'Grace Hopper'), attempt));
    expect(session.identity).toMatchObject({ issuerName: 'partner', subject: 'grace' });
  });

  test('cannot sign in at an issuer without a login', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const refusal = await replica.logins.begin({ issuerName: '<script>', returnTo: '/' }, CALLER);
    expect(refusal).toMatchObject({ reason: 'login_not_configured' });
    expect(replica.journal).toEqual([]);
  });

  test('signs in through two tabs at once', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const first = await begin(replica, { returnTo: '/?one' });
    const second = await begin(replica, { returnTo: '/?two' });
    expect(first.attemptId).not.toBe(second.attemptId);
    const backFromSecond = await visit(second.url, 'Grace Hopper');
    const backFromFirst = await visit(first.url);
    expect(replica.logins.attemptIdOf(backFromFirst.href)).toBe(first.attemptId);
    expect(replica.logins.attemptIdOf(backFromSecond.href)).toBe(second.attemptId);
    expect(await finished(finish(replica, backFromSecond, second.attempt))).toMatchObject({
      returnTo: '/?two',
      session: { identity: { subject: 'grace' } },
    });
    expect(await finished(finish(replica, backFromFirst, first.attempt))).toMatchObject({
      returnTo: '/?one',
      session: { identity: { subject: 'ada' } },
    });
  });

  test('begins on one replica and ends on another', async () => {
    const shared = {
      state: memoryState(),
      singleUse: memorySingleUse({ clock: { now: Date.now } }),
    };
    using one = await startReplica({ specs: [companySpec()], ...shared });
    using other = await startReplica({ specs: [companySpec()], ...shared });
    const { url, attempt } = await begin(one);
    const back = await visit(url);
    const { sealed } = await finished(finish(other, back, attempt));
    expect(await one.logins.open(sealed)).toMatchObject({ identity: { subject: 'ada' } });
    expect(await reasonOf(finish(one, back, attempt))).toBe('login_unknown');
  });

  test('whose access is revoked is not signed in', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const target = { issuer: 'company', subject: 'ada' };
    replica.revocations.put(revocation({ target, block: true }));
    const { url, attempt } = await begin(replica);
    const { refusal } = await failed(finish(replica, await visit(url), attempt));
    expect(refusal.reason).toBe('blocked');
    expect(replica.journal.at(-1)).toMatchObject({ step: 'failed', identity: { subject: 'ada' } });
  });

  test('about whom the issuer sends too much to store learns so', async () => {
    const groups = Array.from({ length: 400 }, () => randomBytes(24).toString('hex'));
    const { redirectUris, postLogoutRedirectUris } = WEB_CLIENT;
    await using provider = await startIdentityProvider({
      audience: 'none',
      clients: [],
      people: [
        { id: 'many', name: 'Many', claims: { groups } },
        { id: 'some', name: 'Some', claims: { groups: groups.slice(0, 150) } },
      ],
      webClients: [{ id: 'sts', secret: SECRET, redirectUris, postLogoutRedirectUris }],
    });
    const specs = [loginSpec({ issuer: provider.issuer })];
    using replica = await startReplica({ specs, tokenBytes: 100_000 });
    const some = await begin(replica);
    const { sealed, session } = await finished(
      finish(replica, await visit(some.url, 'Some'), some.attempt),
    );
    expect(session.idToken.length).toBeGreaterThan(8_000);
    expect(await replica.logins.open(sealed)).toEqual(session);

    const many = await begin(replica);
    const back = await visit(many.url, 'Many');
    expect(await reasonOf(finish(replica, back, many.attempt))).toBe('session_too_large');

    using strict = await startReplica({ specs, tokenBytes: 8_000 });
    const again = await begin(strict);
    const backAgain = await visit(again.url, 'Some');
    expect(await reasonOf(finish(strict, backAgain, again.attempt))).toBe('session_too_large');
  });
});

describe('Browser login, by the security rules', () => {
  test('PKCE S256: the code is good for no other attempt', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url } = await begin(replica);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    const back = await visit(url);
    const other = await begin(replica);
    const mixed = new URL(await visit(other.url));
    mixed.searchParams.set('code', back.searchParams.get('code')!);
    const { refusal } = await failed(finish(replica, mixed, other.attempt));
    expect(refusal).toMatchObject({
      reason: 'login_unknown',
      detail: 'the token endpoint answered 400 invalid_grant',
    });
  });

  test('state: an answer counts only with the attempt of this browser', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url } = await begin(replica);
    const other = await begin(replica);
    const back = await visit(url);
    for (const attempt of [undefined, other.attempt, 'forged', '']) {
      expect(await failed(finish(replica, back, attempt))).toMatchObject({
        refusal: { reason: 'login_unknown' },
      });
    }
  });

  test('state: an answer counts once', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica, { returnTo: '/console' });
    const back = await visit(url);
    await finished(finish(replica, back, attempt));
    expect(await failed(finish(replica, back, attempt))).toMatchObject({
      refusal: { reason: 'login_unknown', detail: 'the state was already used' },
      issuerName: 'company',
      returnTo: '/console',
    });
  });

  test('state: an answer that comes after ten minutes is refused', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt, attemptSeconds } = await begin(replica);
    expect(attemptSeconds).toBe(600);
    const back = await visit(url);
    replica.clock.pass(600);
    expect(await reasonOf(finish(replica, back, attempt))).toBe('login_unknown');
  });

  test.each(['', '?code=abc', '?state=', '?state=a&state=b', '?state=unknown&code=x', '?code=%00'])(
    'state: an answer without a known state is refused: %s',
    async (query) => {
      using replica = await startReplica({ specs: [companySpec()] });
      const { attempt } = await begin(replica);
      expect(await reasonOf(finish(replica, `${REDIRECT_URI}${query}`, attempt))).toBe(
        'login_unknown',
      );
    },
  );

  test.each([
    ['', true],
    ['?code=x', true],
    ['?state=a', true],
    ['?state=a&state=b&code=x', true],
    ['/of-no-login?state=a&code=x', true],
    ['?state=a&code=x', undefined],
    ['?state=a&error=access_denied', undefined],
  ])('an answer that cannot belong to any attempt is marked so: %s', async (rest, incomplete) => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { refusal, ...more } = await failed(finish(replica, `${REDIRECT_URI}${rest}`, undefined));
    expect([refusal.reason, more.incomplete]).toEqual(['login_unknown', incomplete]);
  });

  test.each(['state', 'code', 'iss', 'error'])(
    'an answer that repeats %s is refused',
    async (name) => {
      using replica = await startReplica({ specs: [companySpec()] });
      const { url, attempt } = await begin(replica);
      const back = await visit(url);
      const value = back.searchParams.get(name) ?? 'access_denied';
      back.searchParams.set(name, value);
      back.searchParams.append(name, value);
      expect(await reasonOf(finish(replica, back, attempt))).toBe('login_unknown');
    },
  );

  test('state: the name of an attempt does not reveal it', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attemptId } = await begin(replica);
    const state = url.searchParams.get('state')!;
    const hash = createHash('sha256').update(state).digest('base64url');
    expect(attemptId).toBe(hash.slice(0, 12));
    expect(replica.logins.attemptIdOf(`/login/callback?state=${state}`)).toBe(attemptId);
    expect(replica.logins.attemptIdOf('/login/callback?code=x')).toBeUndefined();
  });

  test('an attempt of another deployment is refused', async () => {
    using other = await startReplica({ specs: [companySpec()], publicUrl: 'https://other.test' });
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(other);
    const state = url.searchParams.get('state')!;
    expect(await reasonOf(finish(replica, `${REDIRECT_URI}?code=x&state=${state}`, attempt))).toBe(
      'login_unknown',
    );
  });

  test('a sealed session is not an attempt, and an attempt is not a session', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { sealed } = await login(replica);
    const { url, attempt } = await begin(replica);
    expect(await replica.logins.open(attempt)).toMatchObject({ reason: 'session_missing' });
    expect(await reasonOf(finish(replica, await visit(url), sealed))).toBe('login_unknown');
  });

  test('iss is checked: the answer of another issuer is refused (RFC 9207)', async () => {
    using replica = await startReplica({ specs: [companySpec(), partnerSpec()] });
    // The attacker's issuer sends people on to the honest one, and wants the honest code.
    const { url, attempt } = await begin(replica, { issuerName: 'partner' });
    const honest = await begin(replica);
    const back = await visit(honest.url);
    back.searchParams.set('state', url.searchParams.get('state')!);
    // Even if it comes to the address that it should.
    back.pathname = PARTNER_PATH;
    const asked = partner.requests.length;
    expect(await reasonOf(finish(replica, back, attempt))).toBe('login_issuer_mismatch');
    expect(partner.requests.slice(asked)).toEqual([]);
  });

  test('an ID token that is verified as that of another issuer is refused', async () => {
    const elsewhere = loginSpec({
      issuer: company.issuer,
      issuerName: 'elsewhere',
      idToken: { issuers: ['https://elsewhere.test'] },
    });
    using replica = await startReplica({ specs: [elsewhere, companySpec()] });
    const { url, attempt } = await begin(replica, { issuerName: 'elsewhere' });
    expect(await reasonOf(finish(replica, await visit(url), attempt))).toBe(
      'login_issuer_mismatch',
    );
  });

  test.each<[string, (callback: URL) => void]>([
    ['another one', ({ searchParams }) => searchParams.set('iss', 'https://evil.test')],
    ['one with a slash more', ({ searchParams }) => searchParams.set('iss', `${company.issuer}/`)],
    ['none, though promised', ({ searchParams }) => searchParams.delete('iss')],
    [
      'another one, beside an error',
      ({ searchParams }) => {
        searchParams.set('iss', 'https://evil.test');
        searchParams.set('error', 'access_denied');
        searchParams.set('error_description', 'Call 555-0100 at once.');
      },
    ],
  ])('iss is checked: %s', async (_, change) => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    company.tamper(change);
    const back = await visit(url);
    company.tamper(undefined);
    const result = await failed(finish(replica, back, attempt));
    expect(result.refusal.reason).toBe('login_issuer_mismatch');
    expect(result.issuerSaid).toBeUndefined();
  });

  test('exact redirect URI: an answer at another path is refused', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    expect(url.searchParams.get('redirect_uri')).toBe(REDIRECT_URI);
    const { search } = await visit(url);
    const elsewhere = replica.logins.finish({ url: `//evil.test/x${search}`, attempt }, CALLER);
    expect(await reasonOf(elsewhere)).toBe('login_issuer_mismatch');
  });

  test('relative return paths only', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    for (const returnTo of ['//evil.test', 'https://evil.test/', '/\\evil.test']) {
      expect((await login(replica, returnTo)).returnTo).toBe('/');
    }
  });

  test('the identity provider’s words are kept apart from ours', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica, { returnTo: '/console' });
    const back = await visit(url, 'Refuse');
    expect(await failed(finish(replica, back, attempt))).toMatchObject({
      refusal: { reason: 'login_refused' },
      issuerSaid: REFUSED,
      issuerName: 'company',
      returnTo: '/console',
    });
    expect(replica.journal.at(-1)).toMatchObject({ step: 'failed', issuerName: 'company' });
  });

  test('hostile words of an identity provider are shortened and appear in no message', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    company.tamper(({ searchParams }) => {
      searchParams.delete('code');
      searchParams.set('error', '<img src=x>\n{"level":"fatal"}');
      searchParams.set('error_description', `<script>alert(1)</script>\u202e${'x'.repeat(1_000)}`);
    });
    const back = await visit(url);
    company.tamper(undefined);
    const { refusal, issuerSaid } = await failed(finish(replica, back, attempt));
    expect(refusal.reason).toBe('login_refused');
    expect(JSON.stringify(refusal)).not.toMatch(/script|img|fatal|xxx/);
    expect(issuerSaid).toMatch(/^<script>alert\(1\)<\/script> x+…$/);
    expect(issuerSaid).toHaveLength(300);
  });

  test.each([
    ['server_error', 'issuer_unavailable'],
    ['temporarily_unavailable', 'issuer_unavailable'],
    ['invalid_scope', 'login_failed'],
    ['unauthorized_client', 'login_failed'],
    ['interaction_required', 'login_refused'],
    ['something_new', 'login_refused'],
  ])('an answer %s of the provider is %s', async (error, reason) => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    const back = new URL(REDIRECT_URI);
    back.searchParams.set('state', url.searchParams.get('state')!);
    back.searchParams.set('iss', company.issuer);
    back.searchParams.set('error', error);
    expect(await reasonOf(finish(replica, back, attempt))).toBe(reason);
  });

  test('an answer with neither a code nor an error is a failure', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    const back = await visit(url);
    back.searchParams.delete('code');
    expect(await reasonOf(finish(replica, back, attempt))).toBe('login_failed');
  });

  test('no secret is in a record or a refusal', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { url, attempt } = await begin(replica);
    const back = await visit(url);
    const { sealed, session } = await finished(finish(replica, back, attempt));
    const replayed = await failed(finish(replica, back, attempt));
    const written = JSON.stringify([replica.journal, replayed]);
    const secrets = [attempt, sealed, session.idToken, SECRET];
    for (const name of ['state', 'code']) secrets.push(back.searchParams.get(name)!);
    for (const secret of secrets) expect(written).not.toContain(secret);
  });
});

describe('a provider', () => {
  test('that is down is reported at the beginning, and called again some seconds later', async () => {
    await using provider = await startProvider();
    using replica = await startReplica({ specs: [loginSpec({ issuer: provider.issuer })] });
    provider.become('unavailable');
    const ask = () => replica.logins.begin({ issuerName: 'company', returnTo: '/' }, CALLER);
    const refusal = await ask();
    expect(refusal).toMatchObject({ reason: 'issuer_unavailable', retryAfterSeconds: 5 });
    expect(replica.journal).toMatchObject([{ step: 'failed', issuerName: 'company' }]);
    await ask();
    expect(provider.requests).toHaveLength(1);
    provider.become('working');
    replica.clock.pass(5);
    await begin(replica);
  });

  test('that hangs is not waited for forever', async () => {
    await using provider = await startProvider();
    const specs = [loginSpec({ issuer: provider.issuer })];
    using replica = await startReplica({ specs, timeoutMilliseconds: 50 });
    provider.become('hanging');
    const refusal = await replica.logins.begin({ issuerName: 'company', returnTo: '/' }, CALLER);
    expect(refusal).toMatchObject({
      reason: 'issuer_unavailable',
      detail: expect.stringContaining('did not answer within 50 ms'),
    });
  });

  test.each(['unavailable', 'hanging'] as const)(
    'whose token endpoint is %s is reported as down',
    async (state) => {
      await using provider = await startProvider();
      const specs = [loginSpec({ issuer: provider.issuer })];
      let timeoutMilliseconds = 500;
      // On a slow machine even an issuer that works may take longer: then it gets more time.
      const { replica, began } = await eventually(async () => {
        timeoutMilliseconds *= 2;
        const replica = await startReplica({ specs, timeoutMilliseconds });
        const began = await begin(replica).catch(() => undefined);
        if (began) return { replica, began };
        replica[Symbol.dispose]();
        return undefined;
      });
      using _replica = replica;
      const { url, attempt } = began;
      const back = await visit(url);
      provider.become(state, '/token');
      const { refusal } = await failed(finish(replica, back, attempt));
      expect(refusal).toMatchObject({ reason: 'issuer_unavailable', retryAfterSeconds: 5 });
      expect(refusal.detail).not.toContain('Maintenance');
    },
  );

  test('whose keys cannot be fetched is reported as down', async () => {
    await using provider = await startProvider();
    using replica = await startReplica({ specs: [loginSpec({ issuer: provider.issuer })] });
    const { url, attempt } = await begin(replica);
    const back = await visit(url);
    provider.become('unavailable', '/jwks');
    expect(await reasonOf(finish(replica, back, attempt))).toBe('issuer_unavailable');
  });

  test('that is down later is still used with its known metadata', async () => {
    await using provider = await startProvider();
    using replica = await startReplica({ specs: [loginSpec({ issuer: provider.issuer })] });
    await begin(replica);
    provider.become('unavailable');
    replica.clock.pass(3_600);
    const { url } = await begin(replica);
    expect(url.origin).toBe(provider.issuer);
  });

  test('that does not know our secret is a failure for the operator to fix', async () => {
    using replica = await startReplica({
      specs: [companySpec({ authentication: { method: 'secret', secret: 'another secret' } })],
    });
    const { url, attempt } = await begin(replica);
    const { refusal } = await failed(finish(replica, await visit(url), attempt));
    expect(refusal.reason).toBe('login_failed');
    expect(refusal.detail).toMatch(/^the token endpoint answered 40[01]/);
    expect(JSON.stringify(refusal)).not.toContain('another secret');
  });

  test('that does not know our key is a failure for the operator to fix', async () => {
    const { privateKey } = newClientKey();
    using replica = await startReplica({
      specs: [
        companySpec({
          clientId: 'sts-key',
          authentication: { method: 'private_key_jwt', key: privateKey, algorithm: 'ES256' },
        }),
      ],
    });
    const { url, attempt } = await begin(replica);
    expect(await reasonOf(finish(replica, await visit(url), attempt))).toBe('login_failed');
  });

  function startProvider() {
    return startIdentityProvider({
      audience: 'none',
      clients: [],
      people: PEOPLE,
      webClients: [WEB_CLIENT],
    });
  }
});

describe('signing out', () => {
  test('ends the session everywhere, and leads to the provider’s logout', async () => {
    const state = memoryState();
    using here = await startReplica({ specs: [companySpec()], state });
    using there = await startReplica({ specs: [companySpec()], state });
    const browser = createBrowser({ stopAt: ({ origin }) => origin === PUBLIC_URL });
    const { url, attempt } = await begin(here);
    const back = (await signIn(browser, url.href, 'Ada Lovelace')).url;
    const { session, sealed } = await finished(finish(here, back, attempt));
    expect(await there.logins.open(sealed)).toEqual(session);

    const out = await here.logins.signOut(session, CALLER);
    expect(await here.logins.open(sealed)).toMatchObject({ reason: 'session_missing' });
    expect(await there.logins.open(sealed)).toMatchObject({ reason: 'session_missing' });
    expect(here.journal.at(-1)).toMatchObject({ step: 'signed-out', session: session.id });

    const { issuerUrl } = out as { issuerUrl: URL };
    const asked = await browser.open(issuerUrl.href);
    const home = await asked.press('Sign out');
    expect(home.url.href).toBe(`${PUBLIC_URL}/`);
    // The provider has forgotten them too: it asks again who they are.
    const again = await browser.open((await begin(here)).url.href);
    expect(again.text).toContain('Who are you?');
  });

  test('works while the provider is down', async () => {
    await using provider = await startIdentityProvider({
      audience: 'none',
      clients: [],
      people: PEOPLE,
      webClients: [WEB_CLIENT],
    });
    const specs = [loginSpec({ issuer: provider.issuer })];
    const state = memoryState();
    using one = await startReplica({ specs, state });
    const { session, sealed } = await login(one);
    // A replica that never saw the provider.
    using other = await startReplica({ specs, state });
    provider.become('unavailable');
    expect(await other.logins.signOut(session, CALLER)).toEqual({});
    expect(await one.logins.open(sealed)).toMatchObject({ reason: 'session_missing' });
  });

  test('is not done if it cannot be recorded', async () => {
    using replica = await startReplica({ specs: [companySpec()] });
    const { session, sealed } = await login(replica);
    replica.breakJournal();
    expect(await replica.logins.signOut(session, CALLER)).toBeInstanceOf(Refusal);
    expect(await replica.logins.open(sealed)).toEqual(session);
  });
});
