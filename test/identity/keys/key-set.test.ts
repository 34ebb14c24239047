import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import { guardedFetch } from '../../../src/identity/guarded-fetch.ts';
import type { IssuerSpec } from '../../../src/identity/issuer.ts';
import { createKeySet } from '../../../src/identity/keys/create-key-set.ts';
import type { KeySet } from '../../../src/identity/keys/key-set.ts';
import {
  createTestKey,
  NOW,
  staticIssuer,
  startIssuer,
  type TestIssuer,
} from '../../support/issuer.ts';
import { eventually } from '../../support/eventually.ts';
import { PATIENCE_MILLISECONDS } from '../../support/patience.ts';

function frozenClock() {
  let seconds = NOW;
  return {
    now: () => seconds * 1000,
    advance: (by: number) => {
      seconds += by;
    },
  };
}

function keySetOf(
  issuer: TestIssuer,
  changes: Partial<IssuerSpec> = {},
  timeoutMilliseconds = PATIENCE_MILLISECONDS,
) {
  const clock = frozenClock();
  const fetch = guardedFetch({ allowInsecureHttp: true, timeoutMilliseconds });
  const notices: string[] = [];
  const keySet = createKeySet({
    spec: issuer.spec(changes),
    clock,
    fetch,
    maxWaiting: 60,
    onNotice: (notice) => void notices.push(notice),
  });
  return { clock, keySet, notices };
}

/** What asking for a key comes to: `kid`, or the reason of the refusal. */
async function ask(keySet: KeySet, kid: string | undefined, alg = 'RS256'): Promise<string> {
  const found = await keySet.keys({ kid, alg: alg as 'RS256' });
  return found instanceof Refusal ? found.reason : found.map((key) => key.kid).join(',');
}

const jwksRequests = ({ requests }: TestIssuer) =>
  requests.filter((path) => path === '/jwks').length;

describe('keys of an issuer', () => {
  test('are found through its discovery document', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, issuer.key.kid)).toBe(issuer.key.kid);
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  test('are fetched straight from a configured URL', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer, { keys: { kind: 'url', url: issuer.jwksUri } });
    expect(await ask(keySet, issuer.key.kid)).toBe(issuer.key.kid);
    expect(issuer.requests).toEqual(['/jwks']);
  });

  test('may stand in the configuration: then nothing is fetched', async () => {
    await using issuer = await startIssuer();
    const key = await createTestKey('fixed');
    const { keys } = staticIssuer([key]);
    const { keySet } = keySetOf(issuer, { keys });
    await keySet.prewarm();
    expect(await ask(keySet, 'fixed')).toBe('fixed');
    expect(await ask(keySet, 'other')).toBe('key_unknown');
    expect(keySet.status()).toMatchObject({
      ready: true,
      fetchedAt: undefined,
      lastError: undefined,
    });
    expect(issuer.requests).toEqual([]);
  });

  test('that are known are given at once, without a promise', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer);
    await keySet.prewarm();
    expect(keySet.keys({ kid: issuer.key.kid, alg: 'RS256' })).toMatchObject([
      { kid: issuer.key.kid },
    ]);
  });

  test('are there before the first request when they were prewarmed', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer);
    expect(keySet.status().ready).toBe(false);
    await keySet.prewarm();
    await keySet.prewarm();
    expect(keySet.status()).toMatchObject({
      ready: true,
      fetchedAt: NOW * 1000,
      lastError: undefined,
    });
    expect(jwksRequests(issuer)).toBe(1);
  });
});

describe('a fetch', () => {
  test('is one at a time, however many ask', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer);
    const resume = issuer.pause();
    const asking = Array.from({ length: 50 }, (_, i) =>
      ask(keySet, i % 2 ? issuer.key.kid : `x${i}`),
    );
    resume();
    await Promise.all(asking);
    expect(jwksRequests(issuer)).toBe(1);
  });

  test('follows a new key without refusing a request', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer);
    const old = issuer.key;
    await keySet.prewarm();
    issuer.publish(old, await createTestKey('new'));
    const waiting = [ask(keySet, 'new'), ask(keySet, 'new')];
    // Nobody with a known key waits for it.
    expect(keySet.keys({ kid: old.kid, alg: 'RS256' })).toMatchObject([{ kid: old.kid }]);
    expect(await Promise.all(waiting)).toEqual(['new', 'new']);
    expect(jwksRequests(issuer)).toBe(2);
  });

  test('drops a key that the issuer withdrew', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer);
    const old = issuer.key;
    await keySet.prewarm();
    issuer.publish(await createTestKey('new'));
    clock.advance(301);
    await ask(keySet, 'new');
    expect(await ask(keySet, old.kid)).toBe('key_unknown');
  });

  test('is provoked by unknown names at most every 30 seconds', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer);
    await keySet.prewarm();
    for (let i = 0; i < 20; i++) expect(await ask(keySet, `forged ${i}`)).toBe('key_unknown');
    expect(jwksRequests(issuer)).toBe(2);
    clock.advance(29);
    const cooling = await keySet.keys({ kid: 'forged', alg: 'RS256' });
    expect(cooling).toMatchObject({ reason: 'key_unknown', retryAfterSeconds: 1 });
    expect(jwksRequests(issuer)).toBe(2);
    clock.advance(1);
    await ask(keySet, 'forged 20');
    expect(jwksRequests(issuer)).toBe(3);
  });

  test('is not provoked twice within a minute by the same unknown name', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer);
    await keySet.prewarm();
    await ask(keySet, 'forged');
    clock.advance(59);
    expect(keySet.keys({ kid: 'forged', alg: 'RS256' })).toBeInstanceOf(Refusal);
    expect(jwksRequests(issuer)).toBe(2);
    clock.advance(1);
    await ask(keySet, 'forged');
    expect(jwksRequests(issuer)).toBe(3);
  });

  test('brings a key although its name was unknown a moment ago', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer);
    await keySet.prewarm();
    expect(await ask(keySet, 'late')).toBe('key_unknown');
    issuer.publish(issuer.key, await createTestKey('late'));
    clock.advance(30);
    await ask(keySet, 'another');
    expect(await ask(keySet, 'late')).toBe('late');
  });

  test('is provoked by a token without a key name only where no key fits', async () => {
    await using issuer = await startIssuer();
    const { keySet } = keySetOf(issuer);
    await keySet.prewarm();
    expect(await ask(keySet, undefined)).toBe(issuer.key.kid);
    const { kid } = issuer.key;
    issuer.publish(issuer.key, await createTestKey('second'));
    await ask(keySet, 'second');
    const requests = jwksRequests(issuer);
    expect(await ask(keySet, undefined)).toBe(`${kid},second`);
    expect(jwksRequests(issuer)).toBe(requests);
  });
});

describe('keys grow old', () => {
  test.each([
    [undefined, 300],
    ['max-age=600', 600],
    ['max-age=5', 60],
    ['no-store', 300],
    ['public, max-age=86400', 900],
  ])(
    'with Cache-Control %s they are fetched anew after %d seconds',
    async (cacheControl, seconds) => {
      await using issuer = await startIssuer();
      const body = JSON.stringify({ keys: [issuer.key.jwk] });
      const headers = cacheControl === undefined ? {} : { 'cache-control': cacheControl };
      issuer.behave('jwks', { body, headers });
      const { keySet, clock } = keySetOf(issuer);
      await keySet.prewarm();
      clock.advance(seconds - 1);
      keySet.refreshIfDue();
      await ask(keySet, issuer.key.kid);
      clock.advance(1);
      const before = issuer.requests.length;
      keySet.refreshIfDue();
      await ask(keySet, 'unknown');
      expect(before).toBe(2);
      expect(jwksRequests(issuer)).toBe(2);
    },
  );

  test('and are fetched anew at half of the age at which they stop serving', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer, { maxKeyAgeSeconds: 100 });
    await keySet.prewarm();
    clock.advance(49);
    keySet.refreshIfDue();
    expect(issuer.requests).toHaveLength(2);
    clock.advance(1);
    keySet.refreshIfDue();
    await eventually(() => keySet.status().fetchedAt === clock.now());
  });

  test('and are fetched anew in the background: the request that finds them due does not wait', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer);
    await keySet.prewarm();
    clock.advance(300);
    issuer.behave('jwks', 'hang');
    expect(keySet.keys({ kid: issuer.key.kid, alg: 'RS256' })).toMatchObject([
      { kid: issuer.key.kid },
    ]);
    await eventually(() => jwksRequests(issuer) === 2);
    keySet.close();
  });

  test('and go on serving while the issuer is down, up to the stated age and not beyond', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer, { maxKeyAgeSeconds: 1000 });
    await keySet.prewarm();
    issuer.behave('jwks', { status: 503 });
    clock.advance(1000);
    expect(await ask(keySet, issuer.key.kid)).toBe(issuer.key.kid);
    expect(await ask(keySet, 'new')).toBe('issuer_unavailable');
    const requests = jwksRequests(issuer);
    expect(await ask(keySet, 'new')).toBe('issuer_unavailable');
    expect(jwksRequests(issuer)).toBe(requests);
    expect(keySet.status()).toMatchObject({
      ready: true,
      lastError: expect.stringMatching(/answered 503$/),
    });
    clock.advance(1);
    expect(keySet.status().ready).toBe(false);
    expect(await ask(keySet, issuer.key.kid)).toBe('issuer_unavailable');
    issuer.behave('jwks', 'normal');
    clock.advance(30);
    expect(await ask(keySet, issuer.key.kid)).toBe(issuer.key.kid);
    expect(keySet.status()).toMatchObject({ ready: true, lastError: undefined });
  });
});

describe('an issuer that is down', () => {
  test('is a refusal that says when to come back', async () => {
    await using issuer = await startIssuer();
    issuer.behave('discovery', { status: 500, body: 'SECRET' });
    const { keySet } = keySetOf(issuer);
    const refused = await keySet.keys({ kid: 'k', alg: 'RS256' });
    expect(refused).toMatchObject({
      reason: 'issuer_unavailable',
      message: "The keys of the token's issuer cannot be fetched right now.",
      detail: `${new URL(issuer.issuer).host} answered 500`,
      retryAfterSeconds: 1,
    });
  });

  test('is asked again after 1, 2, 4, … seconds, at most 30, and not in between', async () => {
    await using issuer = await startIssuer();
    issuer.behave('discovery', { status: 500 });
    const { keySet, clock } = keySetOf(issuer);
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 7; i++) {
      const first = (await keySet.keys({ kid: 'k', alg: 'RS256' })) as Refusal;
      const between = keySet.keys({ kid: 'k', alg: 'RS256' });
      expect(between).toMatchObject({ reason: 'issuer_unavailable' });
      waits.push(first.retryAfterSeconds);
      clock.advance(first.retryAfterSeconds ?? 0);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(issuer.requests).toHaveLength(7);
  });

  test('is one that hangs, too', async () => {
    await using issuer = await startIssuer();
    issuer.behave('jwks', 'hang');
    const { keySet } = keySetOf(issuer, {}, 200);
    expect(await ask(keySet, issuer.key.kid)).toBe('issuer_unavailable');
  });
});

describe('a discovery document is refused', () => {
  test.each([
    [
      'of another issuer',
      () => ({ issuer: 'https://other.test' }),
      /an issuer other than the configured one/,
    ],
    [
      'of an issuer spelled otherwise',
      (issuer: string) => ({ issuer: `${issuer}/` }),
      /an issuer other than the configured one/,
    ],
    ['without jwks_uri', () => ({ jwks_uri: null }), /is not valid|"jwks_uri"|the address/],
    [
      'with jwks_uri on plain http elsewhere',
      () => ({ jwks_uri: 'http://169.254.169.254/keys' }),
      /neither https/,
    ],
    [
      'with jwks_uri of another scheme',
      () => ({ jwks_uri: 'file:///etc/passwd' }),
      /neither https/,
    ],
    ['with user info in jwks_uri', () => ({ jwks_uri: 'https://a:b@issuer.test/' }), /user info/],
  ])('%s', async (_what, metadata, error) => {
    await using issuer = await startIssuer();
    issuer.metadata(metadata(issuer.issuer));
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, issuer.key.kid)).toBe('issuer_unavailable');
    expect(keySet.status().lastError).toMatch(error);
    expect(jwksRequests(issuer)).toBe(0);
  });

  test.each(['[]', '{}', 'not json SECRET', '{"issuer":1}'])('that reads %s', async (body) => {
    await using issuer = await startIssuer();
    issuer.behave('discovery', { body });
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, issuer.key.kid)).toBe('issuer_unavailable');
    expect(keySet.status().lastError).not.toContain('SECRET');
  });
});

describe('a key set', () => {
  test('without a usable key is what the issuer says: the keys before it are gone', async () => {
    await using issuer = await startIssuer();
    const { keySet, clock } = keySetOf(issuer);
    const { kid } = issuer.key;
    await keySet.prewarm();
    issuer.publish({ kty: 'oct', k: 'c2VjcmV0', kid: 'oct' });
    clock.advance(300);
    await ask(keySet, 'unknown');
    expect(await ask(keySet, kid)).toBe('key_unknown');
    expect(keySet.status()).toMatchObject({
      ready: false,
      lastError: expect.stringMatching(/no key/),
    });
  });

  test.each(['{}', '{"keys":{}}', '{"keys":"k"}'])('that reads %s is no key set', async (body) => {
    await using issuer = await startIssuer();
    issuer.behave('jwks', { body });
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, issuer.key.kid)).toBe('issuer_unavailable');
  });
});

describe('how documents are encoded', () => {
  const utf16le = (text: string) => Buffer.from(text, 'utf16le');
  const utf16be = (text: string) => utf16le(text).swap16();

  test.each([
    ['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 with a byte order mark, little-endian', (text: string) => utf16le(`\uFEFF${text}`)],
    ['UTF-16 with a byte order mark, big-endian', (text: string) => utf16be(`\uFEFF${text}`)],
    ['UTF-16, little-endian', utf16le],
    ['UTF-16, big-endian', utf16be],
  ])('%s is read', async (_what, encode) => {
    await using issuer = await startIssuer();
    const key = await createTestKey('Schlüssel');
    const discovery = { issuer: issuer.issuer, jwks_uri: issuer.jwksUri, op: 'Prüfstelle' };
    issuer.behave('discovery', {
      body: encode(JSON.stringify(discovery)),
      headers: { 'content-type': 'text/plain' },
    });
    issuer.behave('jwks', { body: encode(JSON.stringify({ keys: [key.jwk] })) });
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, 'Schlüssel')).toBe('Schlüssel');
  });

  test('members of the discovery document that are not set say nothing', async () => {
    await using issuer = await startIssuer();
    issuer.metadata({
      authorization_endpoint: null,
      end_session_endpoint: '',
      id_token_signing_alg_values_supported: null,
      token_endpoint_auth_methods_supported: [],
      authorization_response_iss_parameter_supported: null,
    });
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, issuer.key.kid)).toBe(issuer.key.kid);
  });
});

describe('members of a key set', () => {
  test('that are no usable keys spoil none of the others', async () => {
    await using issuer = await startIssuer();
    const { jwk, kid } = issuer.key;
    const junk = [null, 'key', 7, [], {}, { kty: 'oct', k: 'AA', kid }, { ...jwk, use: 'enc' }];
    issuer.behave('jwks', { body: JSON.stringify({ keys: [...junk, jwk, ...junk] }) });
    const { keySet } = keySetOf(issuer);
    expect(await ask(keySet, kid)).toBe(kid);
  });

  test('that are bad are told once, and again when they change', async () => {
    await using issuer = await startIssuer();
    const good = issuer.key;
    const bad = (kid: string) => ({
      ...good.jwk,
      kid,
      n: Buffer.alloc(128, 0xff).toString('base64url'),
    });
    const { keySet, notices, clock } = keySetOf(issuer);
    const refetch = async () => {
      clock.advance(300);
      keySet.refreshIfDue();
      await eventually(() => keySet.status().fetchedAt === clock.now());
    };
    issuer.publish(good, { ...good.jwk, kid: 'for others', use: 'enc' });
    await keySet.prewarm();
    expect(notices).toEqual([]);
    issuer.publish(good, bad('weak'));
    await refetch();
    await refetch();
    expect(notices).toEqual([
      expect.stringMatching(/^not all .* key "weak" is weak: RSA with 1024/),
    ]);
    expect(keySet.status()).toMatchObject({
      ready: true,
      lastError: undefined,
      notice: notices[0],
    });
    issuer.publish(good, bad('weak'), bad('weaker'));
    await refetch();
    expect(notices).toHaveLength(2);
    issuer.publish(good);
    await refetch();
    expect(keySet.status().notice).toBeUndefined();
    expect(notices).toHaveLength(2);
  });

  test('that are bad are named to whom asks for them, with a name or without', async () => {
    await using issuer = await startIssuer();
    const n = Buffer.alloc(128, 0xff).toString('base64url');
    issuer.publish({ ...issuer.key.jwk, kid: 'weak', n });
    const { keySet } = keySetOf(issuer);
    for (const kid of ['weak', undefined]) {
      expect(await keySet.keys({ kid, alg: 'RS256' })).toMatchObject({
        reason: 'key_unusable',
        message: expect.stringMatching(/key "weak" is weak: RSA with 1024 bits/),
      });
    }
    expect(keySet.status().lastError).toMatch(
      /contains no key .* "weak" is weak: RSA with 1024 bits/,
    );
  });
});

describe('requests that wait for a fetch', () => {
  /** A fetch that never ends, and as many who wait for it as may. */
  async function fullOf(changes: Partial<IssuerSpec> = {}) {
    const issuer = await startIssuer();
    issuer.behave('jwks', 'hang');
    const clock = frozenClock();
    const keySet = createKeySet({
      spec: issuer.spec(changes),
      clock,
      fetch: guardedFetch({ allowInsecureHttp: true, timeoutMilliseconds: 600_000 }),
      maxWaiting: 3,
      onNotice: () => {},
    });
    const waiting = Array.from({ length: 3 }, (_, n) => ask(keySet, `k${n}`));
    return { issuer, keySet, waiting, clock };
  }

  test('are only so many: the next is refused at once', async () => {
    const { issuer, keySet, waiting } = await fullOf();
    await using _ = issuer;
    expect(keySet.keys({ kid: 'k', alg: 'RS256' })).toMatchObject({
      reason: 'issuer_unavailable',
      retryAfterSeconds: 1,
      detail: '3 requests already wait for these keys',
    });
    keySet.close();
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('issuer_unavailable'));
  });

  test('of an issuer that failed before are none but the one that tries again', async () => {
    const { issuer, keySet, waiting, clock } = await fullOf();
    await using _ = issuer;
    await eventually(() => jwksRequests(issuer) === 1);
    // The connection breaks: that fetch has failed.
    issuer.hangUp();
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('issuer_unavailable'));
    clock.advance(1);
    const first = keySet.keys({ kid: 'k', alg: 'RS256' });
    expect(first).toBeInstanceOf(Promise);
    expect(keySet.keys({ kid: 'k', alg: 'RS256' })).toMatchObject({ reason: 'issuer_unavailable' });
    keySet.close();
    await first;
  });

  test('do not keep those waiting whose keys are at hand', async () => {
    await using issuer = await startIssuer();
    const { kid } = issuer.key;
    const { keySet } = keySetOf(issuer);
    await keySet.prewarm();
    issuer.behave('jwks', 'hang');
    const waiting = keySet.keys({ kid: 'new', alg: 'RS256' });
    expect(waiting).toBeInstanceOf(Promise);
    expect(keySet.keys({ kid, alg: 'RS256' })).toMatchObject([{ kid }]);
    keySet.close();
    await waiting;
  });
});
