import { describe, expect, test } from 'vitest';
import { startHostileIssuer, tokenAnswer } from '../login/sign-in/hostile-issuer.ts';
import { eventually } from '../support/eventually.ts';
import { createTestKey, signToken, staticIssuer, tokenClaims } from '../support/issuer.ts';
import {
  type ConfigTree,
  JWT_TYPE,
  type ServiceWorld,
  startServiceWorld,
  TOKEN_EXCHANGE,
} from '../support/service-world.ts';

/** A reload while a request waits for its issuer's keys: what is in force then decides. */

/** Asks with a token of a key that must be fetched, and reloads while the issuer's answer is held back. */
async function acrossReload<T>(
  world: ServiceWorld,
  change: (tree: ConfigTree) => void,
  ask: (token: string) => Promise<T>,
): Promise<T> {
  await world.exchange(await world.token());
  world.issuer.publish(world.issuer.key, await createTestKey());
  const asked = world.issuer.requests.length;
  const resume = world.issuer.pause();
  const pending = ask(await world.token({ jti: 'once', groups: ['operators'] }));
  await eventually(() => world.issuer.requests.length > asked);
  await world.configure(change);
  expect(world.service.reload()).toBe(true);
  resume();
  return pending;
}

async function refusalOf(response: Response): Promise<{ reason: string }> {
  return { ...((await response.json()) as { reason: string }) };
}

describe('an exchange that waited for keys', () => {
  test.each<[string, (tree: ConfigTree) => void, string]>([
    [
      'a binding that is gone grants nothing',
      (tree) => (tree['bindings'][0].match.sub = 'other'),
      'no_binding',
    ],
    [
      'an issuer that is gone vouches for nobody',
      (tree) => (tree['issuers'].dev.issuer = 'http://127.0.0.1:1'),
      'issuer_unknown',
    ],
    [
      'the audience of today counts',
      (tree) => (tree['issuers'].dev.audience = 'another'),
      'audience_mismatch',
    ],
    [
      'the kinds of today count',
      (tree) => (tree['issuers'].dev.kinds = 'access_token'),
      'token_kind_not_allowed',
    ],
    [
      'the algorithms of today count',
      (tree) => (tree['issuers'].dev.algorithms = 'ES256'),
      'algorithm_not_allowed',
    ],
    [
      'the lifetime of today counts',
      (tree) => (tree['issuers'].dev.maxTokenLifetime = '1m'),
      'token_lifetime_too_long',
    ],
  ])('%s', async (_what, change, reason) => {
    await using world = await startServiceWorld({ nats: false });
    const response = await acrossReload(world, change, (token) => world.exchange(token));
    expect(await refusalOf(response)).toMatchObject({ reason });
  });

  test('a new binding grants, with the current servers and permissions', async () => {
    await using world = await startServiceWorld({
      nats: false,
      configure: (tree) => (tree['bindings'][0].match.sub = 'other'),
    });
    const response = await acrossReload(
      world,
      (tree) => {
        tree['bindings'][0].match.sub = 'orders';
        tree['roles'].publisher.maxTtl = '7m';
        tree['nats'].servers = ['nats://elsewhere.test'];
      },
      (token) => world.exchange(token),
    );
    expect(await response.json()).toMatchObject({
      expires_in: 420,
      servers: ['nats://elsewhere.test'],
    });
  });

  test('a key set that has moved is waited for at its new place', async () => {
    await using other = await startHostileIssuer();
    await using world = await startServiceWorld({ nats: false });
    const { key } = other;
    const pending = acrossReload(
      world,
      (tree) => (tree['issuers'].dev.jwksUri = `${other.issuer}/jwks`),
      (token) => world.exchange(token),
    );
    expect(await refusalOf(await pending)).toMatchObject({ reason: 'key_unknown' });
    world.issuer.publish(key);
    expect((await world.exchange(await world.token())).status).toBe(200);
  });

  test('a token that may be used once is used up once', async () => {
    await using world = await startServiceWorld({
      nats: false,
      configure: (tree) => (tree['issuers'].dev.singleUse = true),
    });
    let used = '';
    const response = await acrossReload(
      world,
      (tree) => (tree['contact'] = 'platform@example.com'),
      (token) => {
        used = token;
        return world.exchange(token);
      },
    );
    expect(response.status).toBe(200);
    expect(await refusalOf(await world.exchange(used))).toMatchObject({ reason: 'token_reused' });
  });
});

describe('a delegation whose actor waited for keys', () => {
  async function delegated(change: (tree: ConfigTree) => void) {
    const key = await createTestKey();
    const { keys } = staticIssuer([key]);
    await using world = await startServiceWorld({
      nats: false,
      configure: (tree) => {
        tree['issuers'].files = {
          issuer: 'https://files.test',
          audience: 'nats-sts',
          jwks: keys.kind === 'static' && keys.jwks,
        };
        tree['bindings'].push({
          name: 'files',
          issuer: 'files',
          match: { sub: 'subject' },
          roles: ['publisher'],
        });
      },
    });
    const now = Math.floor(Date.now() / 1000);
    const subject = await signToken(
      { ...tokenClaims('https://files.test'), sub: 'subject', iat: now, exp: now + 300 },
      {},
      key,
    );
    const response = await acrossReload(world, change, (token) =>
      world.tokenExchange({
        grant_type: TOKEN_EXCHANGE,
        subject_token: subject,
        subject_token_type: JWT_TYPE,
        actor_token: token,
        actor_token_type: JWT_TYPE,
      }),
    );
    return { status: response.status, events: world.audit() };
  }

  test('gets its credential if nothing about it changed', async () => {
    const { status } = await delegated((tree) => (tree['contact'] = 'platform@example.com'));
    expect(status).toBe(200);
  });

  test.each<[string, (tree: ConfigTree) => void, string]>([
    [
      'the subject, which did not wait, is verified anew',
      (tree) => (tree['issuers'].files.audience = 'another'),
      'audience_mismatch',
    ],
    ['the binding of the subject is gone', (tree) => tree['bindings'].pop(), 'no_binding'],
    ['the binding of the actor is gone', (tree) => tree['bindings'].shift(), 'actor_not_allowed'],
    [
      'the actor is verified anew',
      (tree) => (tree['issuers'].dev.audience = 'another'),
      'audience_mismatch',
    ],
  ])('%s', async (_what, change, reason) => {
    const { status, events } = await delegated(change);
    expect(status).not.toBe(200);
    expect(events.at(-1)).toMatchObject({ reason });
  });
});

describe('an administrator who waited for keys', () => {
  const admin = [{ issuer: 'dev', match: { groups: 'operators' } }];
  const list = (world: ServiceWorld) => (token: string) =>
    fetch(`${world.url}/admin/revocations`, { headers: { authorization: `Bearer ${token}` } });

  test.each<[string, (tree: ConfigTree) => void, number, string | undefined]>([
    [
      'is one where the rule still matches',
      (tree) => (tree['contact'] = 'a@b.test'),
      200,
      undefined,
    ],
    [
      'is none by a rule that is gone',
      (tree) => (tree['admin'][0].match.groups = 'others'),
      403,
      'not_admin',
    ],
    [
      'is none where there are no rules any more',
      (tree) => delete tree['admin'],
      403,
      'admin_not_configured',
    ],
    [
      'is none of an issuer that wants another audience',
      (tree) => (tree['issuers'].dev.audience = 'x'),
      401,
      'audience_mismatch',
    ],
  ])('%s', async (_what, change, status, reason) => {
    await using world = await startServiceWorld({
      nats: false,
      configure: (tree) => (tree['admin'] = structuredClone(admin)),
    });
    const response = await acrossReload(world, change, list(world));
    expect(response.status).toBe(status);
    expect((await refusalOf(response)).reason).toBe(reason);
  });
});

describe('a login that waited for keys', () => {
  /** What the browser gets that comes back from the issuer while the configuration changes. */
  async function callback(change: (tree: ConfigTree) => void): Promise<Response> {
    await using issuer = await startHostileIssuer();
    const resume = issuer.pauseKeys();
    await using world = await startServiceWorld({
      nats: false,
      configure: (tree) => {
        tree['sealingKey'] = Buffer.alloc(32, 1).toString('base64');
        tree['issuers'].company = {
          issuer: issuer.issuer,
          audience: 'nats-sts',
          allowInsecureHttp: true,
          login: { clientId: 'sts' },
        };
      },
    });
    const begun = await fetch(`${world.url}/login?issuer=company`, { redirect: 'manual' });
    const url = new URL(begun.headers.get('location') ?? '');
    issuer.answer(await tokenAnswer(issuer, url));
    const state = url.searchParams.get('state') ?? '';
    const pending = fetch(`${world.url}/login/callback?code=c&state=${state}`, {
      redirect: 'manual',
      headers: { cookie: (begun.headers.get('set-cookie') ?? '').replace(/;.*/, '') },
    });
    await eventually(() => issuer.tokenRequests.length === 1 && issuer.requests.includes('/jwks'));
    await world.configure(change);
    expect(world.service.reload()).toBe(true);
    resume();
    return await pending;
  }

  const signedIn = (response: Response) =>
    response.headers.getSetCookie().some((cookie) => /^nats-sts-\d+-session=[^;]/.test(cookie));

  test('signs the person in if nothing about it changed', async () => {
    const response = await callback((tree) => (tree['contact'] = 'platform@example.com'));
    expect(signedIn(response)).toBe(true);
  });

  test.each<[string, (tree: ConfigTree) => void]>([
    [
      'the subject is a claim that the token lacks',
      (tree) => (tree['issuers'].company.subject = 'employee'),
    ],
    ['the login is gone', (tree) => delete tree['issuers'].company.login],
    ['the issuer is gone', (tree) => delete tree['issuers'].company],
    ['the client is another', (tree) => (tree['issuers'].company.login.clientId = 'another')],
    [
      'ID tokens must be signed by another algorithm',
      (tree) => (tree['issuers'].company.algorithms = 'ES256'),
    ],
  ])('signs nobody in when %s', async (_what, change) => {
    const response = await callback(change);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(signedIn(response)).toBe(false);
  });
});
