import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { type Algorithm, ALGORITHMS } from '../../../src/identity/issuer.ts';
import type { LoginSpec } from '../../../src/login/login-spec.ts';
import { createTestKey } from '../../support/issuer.ts';
import {
  type HostileIssuer,
  startHostileIssuer,
  type TokenAnswer,
  tokenAnswer,
} from './hostile-issuer.ts';
import {
  begin,
  CALLER,
  finish,
  failed,
  finished,
  loginSpec,
  reasonOf,
  REDIRECT_URI,
  type Replica,
  SECRET,
  startReplica,
} from '../world.ts';

/** A login at an issuer that answers what the test wants. */
async function loginWith(
  replica: Replica,
  issuer: HostileIssuer,
  answer: (authorizationUrl: URL) => TokenAnswer | Promise<TokenAnswer>,
) {
  const { url, attempt } = await begin(replica);
  issuer.answer(await answer(url));
  const state = url.searchParams.get('state')!;
  return finish(replica, `${REDIRECT_URI}?code=the-code&state=${state}`, attempt);
}

function replicaAt(issuer: HostileIssuer, changes: Partial<LoginSpec> = {}) {
  return startReplica({ specs: [loginSpec({ issuer: issuer.issuer, ...changes })] });
}

describe('an ID token', () => {
  test('that is valid signs the person in', async () => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const result = await finished(loginWith(replica, issuer, (url) => tokenAnswer(issuer, url)));
    expect(result.session.identity.subject).toBe('ada');
  });

  const now = Math.floor(Date.now() / 1_000);
  test.each<[string, Record<string, unknown>]>([
    ['with the nonce of another attempt', { nonce: 'another' }],
    ['without a nonce', { nonce: undefined }],
    ['for somebody else', { aud: 'another-client' }],
    ['for several, us among them, made for another', { aud: ['sts', 'x'], azp: 'x' }],
    ['of another issuer', { iss: 'https://evil.test' }],
    ['that has expired', { iat: now - 600, exp: now - 300 }],
    ['that never ends', { exp: undefined }],
    ['of no time', { iat: undefined }],
    ['from the future', { iat: now + 3_600, exp: now + 7_200 }],
    ['about nobody', { sub: undefined }],
    ['that lives longer than may be', { exp: now + 10 * 86_400 }],
    ['that says to be an access token', { token_use: 'access' }],
    ['that is bound to a key', { cnf: { jkt: 'x'.repeat(43) } }],
  ])('%s signs nobody in', async (_, claims) => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const result = loginWith(replica, issuer, (url) => tokenAnswer(issuer, url, claims));
    expect(await reasonOf(result)).toBe('login_failed');
    expect(replica.journal.at(-1)).toMatchObject({ step: 'failed', issuerName: 'company' });
  });

  test.each<[string, (spec: LoginSpec) => LoginSpec | undefined, string]>([
    ['gone', () => undefined, 'login_not_configured'],
    ['of another client', (spec) => ({ ...spec, clientId: 'another' }), 'login_unknown'],
  ])('signs nobody in whose login is %s by then', async (_, changed, reason) => {
    await using issuer = await startHostileIssuer();
    const spec = loginSpec({ issuer: issuer.issuer });
    using replica = await startReplica({ specs: [spec], login: () => changed(spec) });
    const result = loginWith(replica, issuer, (url) => tokenAnswer(issuer, url));
    expect(await reasonOf(result)).toBe(reason);
    expect(replica.journal.map(({ step }) => step)).toEqual(['begun', 'failed']);
  });

  test('by a key that the issuer does not publish signs nobody in', async () => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const key = { ...(await createTestKey()), kid: issuer.key.kid };
    const forged = loginWith(replica, issuer, (url) =>
      tokenAnswer({ issuer: issuer.issuer, key }, url),
    );
    const { refusal } = await failed(forged);
    expect(refusal).toMatchObject({
      reason: 'login_failed',
      detail: expect.stringContaining('signature_invalid'),
    });
  });

  test('by an algorithm that the operator does not allow signs nobody in', async () => {
    await using issuer = await startHostileIssuer();
    issuer.metadata({ id_token_signing_alg_values_supported: ['RS256', 'PS256', 'none'] });
    using replica = await replicaAt(issuer);
    const unsigned = loginWith(replica, issuer, async (url) => {
      const { body } = await tokenAnswer(issuer, url);
      const { id_token: idToken } = body as { id_token: string };
      const header = Buffer.from('{"alg":"none"}').toString('base64url');
      return { body: { ...body, id_token: `${header}.${idToken.split('.')[1]}.` } };
    });
    expect(await reasonOf(unsigned)).toBe('login_failed');
  });
});

describe('a token endpoint', () => {
  test.each<[string, TokenAnswer]>([
    ['no ID token', { body: { access_token: 'x', token_type: 'Bearer' } }],
    [
      'an ID token that is none',
      { body: { access_token: 'x', token_type: 'Bearer', id_token: 'x.y.z' } },
    ],
    [
      'an ID token in five parts',
      { body: { access_token: 'x', token_type: 'Bearer', id_token: 'a.b.c.d.e' } },
    ],
    [
      'an ID token that is a number',
      { body: { access_token: 'x', token_type: 'Bearer', id_token: 7 } },
    ],
    ['an empty ID token', { body: { access_token: 'x', token_type: 'Bearer', id_token: '' } }],
    ['no token at all', { body: {} }],
    ['another kind of token', { body: { access_token: 'x', token_type: 'mac', id_token: 'x' } }],
    ['a list', { body: [] }],
    ['no JSON', { body: 'SECRET' }],
    ['a page', { body: '<h1>SECRET</h1>', headers: { 'content-type': 'text/html' } }],
    ['nothing', { body: '' }],
    ['an error', { status: 400, body: { error: 'invalid_client', error_description: 'SECRET' } }],
    ['a nonstandard error', { status: 400, body: { error: 'SECRET' } }],
    [
      'a challenge',
      { status: 401, body: {}, headers: { 'www-authenticate': 'Basic realm="SECRET"' } },
    ],
    ['an error in no form', { status: 404, body: 'SECRET' }],
    ['no content', { status: 204, body: '' }],
  ])('that answers %s fails the login, and none of its text is repeated', async (_, answer) => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const { refusal, issuerSaid } = await failed(loginWith(replica, issuer, () => answer));
    expect(refusal.reason).toBe('login_failed');
    expect(refusal.detail).toBeTruthy();
    expect(JSON.stringify([refusal, issuerSaid, replica.journal])).not.toContain('SECRET');
  });

  test('that refuses the code fails this sign-in, and blames no setup', async () => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const body = { error: 'invalid_grant', error_description: 'SECRET' };
    const result = await failed(loginWith(replica, issuer, () => ({ status: 400, body })));
    expect(result.refusal).toMatchObject({
      reason: 'login_unknown',
      detail: 'the token endpoint answered 400 invalid_grant',
    });
    expect(replica.journal.at(-1)).toMatchObject({ step: 'failed', refusal: result.refusal });
    expect(JSON.stringify([result, replica.journal])).not.toContain('SECRET');
  });

  test.each<[string, TokenAnswer]>([
    ['sends elsewhere', { status: 307, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['is broken', { status: 500, body: 'SECRET' }],
    ['has too many askers', { status: 429, body: { error: 'slow_down' } }],
    ['answers without end', { body: `{"x":"${'x'.repeat(600_000)}"}` }],
  ])('that %s is said to be down', async (_, answer) => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const { refusal } = await failed(loginWith(replica, issuer, () => answer));
    expect(refusal.reason).toBe('issuer_unavailable');
    expect(JSON.stringify(refusal)).not.toContain('SECRET');
  });

  test('gets the secret in the header, encoded, unless it accepts it only in the body', async () => {
    await using issuer = await startHostileIssuer();
    using inHeader = await replicaAt(issuer);
    await loginWith(inHeader, issuer, (url) => tokenAnswer(issuer, url));
    issuer.metadata({ token_endpoint_auth_methods_supported: ['client_secret_post'] });
    using inBody = await replicaAt(issuer);
    await loginWith(inBody, issuer, (url) => tokenAnswer(issuer, url));
    const [first, second] = issuer.tokenRequests;
    const [, encoded] = first!.authorization!.split(' ');
    const [id, secret] = Buffer.from(encoded!, 'base64').toString().split(':');
    expect([id, decodeURIComponent(secret!)]).toEqual(['sts', SECRET]);
    expect(secret).toContain('correct-horse');
    expect(first!.parameters.has('client_secret')).toBe(false);
    expect(second!.authorization).toBeUndefined();
    expect(second!.parameters.get('client_secret')).toBe(SECRET);
  });

  test.each([
    ['nats-sts', 'a-secret_1.2*', 'nats-sts:a-secret_1.2*'],
    ['nats sts:1', "100%+a:b~c/é'(!)", 'nats+sts%3A1:100%25%2Ba%3Ab%7Ec%2F%C3%A9%27%28%21%29'],
  ])(
    'gets the client id %s and its secret form-encoded, and nothing else escaped',
    async (clientId, secret, sent) => {
      await using issuer = await startHostileIssuer();
      using replica = await replicaAt(issuer, {
        clientId,
        authentication: { method: 'secret', secret },
      });
      await loginWith(replica, issuer, (url) => tokenAnswer(issuer, url));
      const [scheme, encoded] = issuer.tokenRequests[0]!.authorization!.split(' ');
      expect([scheme, Buffer.from(encoded!, 'base64').toString()]).toEqual(['Basic', sent]);
    },
  );

  const CHALLENGE = { 'www-authenticate': 'Basic realm="x"' };
  test.each<[string, TokenAnswer, string]>([
    [
      '401 with a challenge',
      { status: 401, body: { error: 'invalid_client' }, headers: CHALLENGE },
      '401 invalid_client',
    ],
    ['401', { status: 401, body: { error: 'invalid_client' } }, '401 invalid_client'],
    ['400', { status: 400, body: { error: 'invalid_client' } }, '400 invalid_client'],
    ['403', { status: 403, body: { error: 'unauthorized_client' } }, '403 unauthorized_client'],
    [
      'JSON by another name',
      { status: 401, body: { error: 'invalid_client' }, headers: { 'content-type': 'text/plain' } },
      '401 invalid_client',
    ],
    ['a page', { status: 401, body: '<p>no', headers: CHALLENGE }, '401 without an error code'],
    ['nothing', { status: 401, body: '' }, '401 without an error code'],
    ['200', { status: 200, body: { error: 'invalid_client' } }, '200 invalid_client'],
  ])('that does not take the secret is named as that: %s', async (_, answer, said) => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const { refusal } = await failed(loginWith(replica, issuer, () => answer));
    expect(refusal.reason).toBe('login_failed');
    expect(refusal.detail).toContain(
      `the token endpoint answered ${said}: it does not accept this client ID and secret (sent as client_secret_basic): compare issuers.company.login.clientId and issuers.company.login.clientSecret`,
    );
  });

  test.each<[LoginSpec['authentication']['method'], RegExp]>([
    ['none', /requires authentication: .*login\.clientSecret or .*login\.privateKey/],
    ['private_key_jwt', /login\.privateKey and .*login\.keyId/],
  ])('that does not take a client with %s names the settings to compare', async (method, said) => {
    await using issuer = await startHostileIssuer();
    const { privateKey: key } = keyPairFor('ES256');
    const authentication =
      method === 'none'
        ? { method }
        : { method: 'private_key_jwt' as const, key, algorithm: 'ES256' as const };
    using replica = await replicaAt(issuer, {
      authentication: authentication as LoginSpec['authentication'],
    });
    const answer = { status: 401, body: { error: 'invalid_client' }, headers: CHALLENGE };
    const { refusal } = await failed(loginWith(replica, issuer, () => answer));
    expect(refusal.detail).toMatch(said);
  });

  test.each(ALGORITHMS)('gets an assertion signed by our key with %s', async (algorithm) => {
    const { publicKey, privateKey } = keyPairFor(algorithm);
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer, {
      authentication: { method: 'private_key_jwt', key: privateKey, algorithm, keyId: 'k1' },
    });
    await loginWith(replica, issuer, (url) => tokenAnswer(issuer, url));
    const assertion = issuer.tokenRequests[0]!.parameters.get('client_assertion')!;
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey);
    expect(protectedHeader).toEqual({ alg: algorithm, kid: 'k1' });
    expect(payload).toMatchObject({ iss: 'sts', sub: 'sts', aud: issuer.issuer });
  });

  function keyPairFor(algorithm: Algorithm): { publicKey: KeyObject; privateKey: KeyObject } {
    const curves: Partial<Record<Algorithm, string>> = {
      ES256: 'P-256',
      ES384: 'P-384',
      ES512: 'P-521',
    };
    const namedCurve = curves[algorithm];
    if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
    return algorithm.startsWith('Ed')
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  }
});

describe('a discovery document', () => {
  test.each<[string, object]>([
    ['of another issuer', { issuer: 'https://evil.test' }],
    ['without a token endpoint', { token_endpoint: undefined }],
    ['without an authorization endpoint', { authorization_endpoint: undefined }],
    ['with a script for an endpoint', { authorization_endpoint: 'javascript:alert(1)' }],
    ['with a number for an endpoint', { authorization_endpoint: 7 }],
    ['with plain http', { authorization_endpoint: 'http://evil.test/authorize' }],
    ['with a logout by plain http', { end_session_endpoint: 'http://evil.test/out' }],
    ['with an address that is none', { token_endpoint: 'token' }],
  ])('%s sends nobody anywhere', async (_, changes) => {
    await using issuer = await startHostileIssuer();
    issuer.metadata(changes);
    using replica = await replicaAt(issuer);
    const begun = await replica.logins.begin({ issuerName: 'company', returnTo: '/' }, CALLER);
    expect(begun).toMatchObject({ reason: 'issuer_unavailable' });
  });

  test('without a logout endpoint ends only our own session', async () => {
    await using issuer = await startHostileIssuer();
    using replica = await replicaAt(issuer);
    const { session } = await finished(
      loginWith(replica, issuer, (url) => tokenAnswer(issuer, url)),
    );
    expect(await replica.logins.signOut(session, CALLER)).toEqual({});
  });

  test('with a logout endpoint is followed without the ID token if the URL would be too long', async () => {
    await using issuer = await startHostileIssuer();
    issuer.metadata({ end_session_endpoint: `${issuer.issuer}/out?x=1` });
    using replica = await replicaAt(issuer);
    const signedOut = async (claims: Record<string, unknown>) => {
      const result = loginWith(replica, issuer, (url) => tokenAnswer(issuer, url, claims));
      const out = await replica.logins.signOut((await finished(result)).session, CALLER);
      return 'issuerUrl' in out ? out.issuerUrl.searchParams : undefined;
    };
    const short = await signedOut({});
    expect(short!.get('id_token_hint')).toBeTruthy();
    expect([
      short!.get('x'),
      short!.get('client_id'),
      short!.get('post_logout_redirect_uri'),
    ]).toEqual(['1', 'sts', 'https://sts.test/']);
    const long = await signedOut({ text: 'x'.repeat(5_000) });
    expect(long!.get('id_token_hint')).toBeNull();
    expect(long!.get('client_id')).toBe('sts');
  });
});
