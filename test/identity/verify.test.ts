import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Identity } from '../../src/identity/identity.ts';
import type { IssuerSpec } from '../../src/identity/issuer.ts';
import { memorySingleUse, type SingleUse } from '../../src/identity/single-use.ts';
import { createVerifier, type Verifier } from '../../src/identity/verify.ts';
import {
  createTestKey,
  NOW,
  signToken,
  startIssuer,
  staticIssuer,
  tokenClaims,
} from '../support/issuer.ts';
import { outcome, refusal } from './outcome.ts';
import { eventually } from '../support/eventually.ts';

const ISSUER = 'https://issuer.test';
const key = await createTestKey('k1');

/** A clock that stands still until it is moved. */
function frozenClock() {
  let seconds = NOW;
  return {
    now: () => seconds * 1000,
    advance: (by: number) => {
      seconds += by;
    },
  };
}

const clock = frozenClock();

function verifierOf(
  issuers: readonly IssuerSpec[],
  more: { singleUse?: SingleUse; tokenBytes?: number; reusing?: Verifier } = {},
): Verifier {
  const singleUse = memorySingleUse({ clock });
  return createVerifier({ issuers, clock, singleUse, tokenBytes: 16_384, ...more });
}

/** One issuer with a static key, and a token of it with these claims. */
async function verdict(
  claims: Record<string, unknown>,
  spec: Partial<IssuerSpec> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const token = await signToken({ ...tokenClaims(ISSUER), ...claims }, header, key);
  return outcome(verifierOf([staticIssuer([key], spec)]).verify(token));
}

describe('a subject token that holds', () => {
  test('becomes an identity, at once', async () => {
    const claims = { ...tokenClaims(ISSUER), groups: ['a'], nested: { deep: true } };
    const token = await signToken(claims, {}, key);
    expect(verifierOf([staticIssuer([key])]).verify(token)).toEqual({
      issuerName: 'dev',
      issuer: ISSUER,
      subject: 'orders',
      kind: 'jwt',
      claims,
      issuedAt: NOW,
      expiresAt: NOW + 300,
      tokenHash: createHash('sha256').update(token).digest('hex'),
    } satisfies Identity);
  });

  test('of GitHub Actions becomes an identity', async () => {
    const file = new URL('../claims/github-actions.json', import.meta.url);
    const { claims, header } = JSON.parse(readFileSync(file, 'utf8')) as {
      claims: Record<string, string>;
      header: Record<string, string>;
    };
    const token = await signToken(claims, header, { ...key, kid: header['kid'] });
    const spec = staticIssuer([{ ...key.jwk, kid: header['kid'] ?? '' }], {
      issuers: [claims['iss'] ?? ''],
      audiences: [claims['aud'] ?? ''],
      kinds: ['jwt'],
    });
    expect(verifierOf([spec]).verify(token)).toMatchObject({ subject: claims['sub'], claims });
  });

  test('has whole seconds for its times, the earlier ones', async () => {
    const token = await signToken(
      { ...tokenClaims(ISSUER), iat: NOW - 0.5, exp: NOW + 9.9 },
      {},
      key,
    );
    const identity = verifierOf([staticIssuer([key])]).verify(token);
    expect(identity).toMatchObject({ issuedAt: NOW - 1, expiresAt: NOW + 9 });
  });

  test('is looked at no further than its size allows', async () => {
    const token = await signToken({ ...tokenClaims(ISSUER), padding: 'x'.repeat(9000) }, {}, key);
    const fits = verifierOf([staticIssuer([key])], { tokenBytes: token.length });
    const tooSmall = verifierOf([staticIssuer([key])], { tokenBytes: token.length - 1 });
    expect(await outcome(fits.verify(token))).toBe('accepted');
    expect(await outcome(tooSmall.verify(token))).toBe('token_too_large');
  });
});

describe('rule: no I/O before the iss equals a configured issuer, byte for byte', () => {
  test('an iss that is not configured is never asked for anything', async () => {
    await using configured = await startIssuer();
    await using stranger = await startIssuer();
    const verifier = verifierOf([configured.spec()]);
    const { issuer } = stranger;
    const jku = { jku: stranger.jwksUri, x5u: stranger.jwksUri };
    for (const iss of [issuer, `${issuer}/`, `${configured.issuer}@${new URL(issuer).host}`]) {
      const refused = await refusal(verifier.verify(await stranger.token({ iss }, jku)));
      expect(refused.reason).toBe('issuer_unknown');
    }
    expect(stranger.requests).toEqual([]);
    expect(configured.requests).toEqual([]);
  });

  test.each([
    `${ISSUER}/`,
    `${ISSUER}.evil.test`,
    `${ISSUER}?x`,
    `${ISSUER}#`,
    ISSUER.toUpperCase(),
    'HTTPS://issuer.test',
    'https://issuer.test:443',
    ` ${ISSUER}`,
    `${ISSUER}\n`,
    'issuer.test',
    '',
    'constructor',
    '__proto__',
  ])('%j is not https://issuer.test', async (iss) => {
    expect(await verdict({ iss })).toBe('issuer_unknown');
  });

  test.each([
    [undefined, 'claim_missing'],
    [null, 'claim_missing'],
    [[ISSUER], 'claim_malformed'],
    [{ iss: ISSUER }, 'claim_malformed'],
    [1, 'claim_malformed'],
  ])('an iss of %j is refused', async (iss, reason) => {
    expect(await verdict({ iss })).toBe(reason);
  });

  test('nothing is fetched for a token that its own claims rule out', async () => {
    await using issuer = await startIssuer();
    const verifier = verifierOf([issuer.spec()]);
    expect(await outcome(verifier.verify(await issuer.token({ exp: NOW - 60 })))).toBe(
      'token_expired',
    );
    expect(await outcome(verifier.verify(await issuer.token({ aud: 'x' })))).toBe(
      'audience_mismatch',
    );
    expect(await outcome(verifier.verify(await issuer.token({}, { alg: 'RS256', typ: 'x' })))).toBe(
      'token_header_unsupported',
    );
    expect(issuer.requests).toEqual([]);
  });

  test('tokens of one issuer are never verified with the keys of another', async () => {
    await using one = await startIssuer();
    await using two = await startIssuer();
    const verifier = verifierOf([one.spec({ name: 'one' }), two.spec({ name: 'two' })]);
    expect(await verifier.verify(await one.token())).toMatchObject({ issuerName: 'one' });
    expect(await verifier.verify(await two.token())).toMatchObject({ issuerName: 'two' });
    const forged = await signToken(tokenClaims(one.issuer), {}, two.key);
    expect(await outcome(verifier.verify(forged))).toBe('key_unknown');
    const named = await signToken(tokenClaims(one.issuer), {}, { ...two.key, kid: one.key.kid });
    expect(await outcome(verifier.verify(named))).toBe('signature_invalid');
  });
});

describe('rule: asymmetric algorithms from an allow-list per issuer', () => {
  test('another one is refused although the key set has a key for it', async () => {
    const ec = await createTestKey('ec', 'ES256');
    const spec = staticIssuer([key, ec], { algorithms: ['RS256'] });
    const token = await signToken(tokenClaims(ISSUER), {}, ec);
    expect(await outcome(verifierOf([spec]).verify(token))).toBe('algorithm_not_allowed');
  });
});

describe('rule: exp and iat are required, numeric and finite', () => {
  test.each(['exp', 'iat'])('without %s', async (name) => {
    expect(await verdict({ [name]: undefined })).toBe('claim_missing');
  });

  test.each(['exp', 'iat', 'nbf'])('%s that is no number', async (name) => {
    for (const value of [`${NOW}`, true, [NOW], { value: NOW }]) {
      expect(await verdict({ [name]: value })).toBe('claim_malformed');
    }
  });

  test('exp beyond all numbers', async () => {
    const token = await signToken({ ...tokenClaims(ISSUER), exp: 1e308 }, {}, key);
    const payload = Buffer.from(`{"iss":"${ISSUER}","exp":1e999}`).toString('base64url');
    const [header, , signature] = token.split('.');
    const verifier = verifierOf([staticIssuer([key])]);
    expect(await outcome(verifier.verify(`${header}.${payload}.${signature}`))).toBe(
      'token_malformed',
    );
    expect(await outcome(verifier.verify(token))).toBe('token_lifetime_too_long');
  });
});

describe('rule: a token counts between nbf and exp, give or take the leeway', () => {
  test.each([
    ['exp just ahead', { exp: NOW + 1 }, 0, 'accepted'],
    ['exp now', { exp: NOW }, 0, 'token_expired'],
    ['exp within the leeway', { exp: NOW - 4 }, 5, 'accepted'],
    ['exp at the leeway', { exp: NOW - 5 }, 5, 'token_expired'],
    ['nbf now', { nbf: NOW }, 0, 'accepted'],
    ['nbf ahead', { nbf: NOW + 1 }, 0, 'token_not_yet_valid'],
    ['nbf within the leeway', { nbf: NOW + 5 }, 5, 'accepted'],
    ['nbf beyond the leeway', { nbf: NOW + 6 }, 5, 'token_not_yet_valid'],
  ])('%s', async (_what, claims, leewaySeconds, expected) => {
    expect(await verdict({ iat: NOW - 60, ...claims }, { leewaySeconds })).toBe(expected);
  });
});

describe('rule: future iat refused beyond the leeway', () => {
  test.each([
    [0, 0, 'accepted'],
    [1, 0, 'token_not_yet_valid'],
    [5, 5, 'accepted'],
    [6, 5, 'token_not_yet_valid'],
  ])('%d seconds ahead with a leeway of %d', async (ahead, leewaySeconds, expected) => {
    expect(await verdict({ iat: NOW + ahead }, { leewaySeconds })).toBe(expected);
  });
});

describe('rule: exp − iat is capped per issuer', () => {
  test.each([
    [300, 'accepted'],
    [301, 'token_lifetime_too_long'],
    [31_536_000, 'token_lifetime_too_long'],
  ])('%d seconds where 300 are allowed', async (lifetime, expected) => {
    expect(await verdict({ exp: NOW + lifetime }, { maxTokenLifetimeSeconds: 300 })).toBe(expected);
  });

  test('an iat in the past does not stretch it', async () => {
    const claims = { iat: NOW - 299, exp: NOW + 2 };
    expect(await verdict(claims, { maxTokenLifetimeSeconds: 300 })).toBe('token_lifetime_too_long');
  });
});

describe('rule: the audience is mandatory and exact', () => {
  test.each([
    ['nats-sts', 'accepted'],
    [['account', 'nats-sts'], 'accepted'],
    ['other', 'audience_mismatch'],
    [['account'], 'audience_mismatch'],
    [[], 'audience_mismatch'],
    ['nats-sts ', 'audience_mismatch'],
    ['NATS-STS', 'audience_mismatch'],
    ['nats-sts,other', 'audience_mismatch'],
    ['', 'audience_mismatch'],
    [undefined, 'claim_missing'],
    [null, 'claim_missing'],
    [1, 'claim_malformed'],
    [{ 'nats-sts': true }, 'claim_malformed'],
    [['nats-sts', 1], 'claim_malformed'],
    [[['nats-sts']], 'claim_malformed'],
  ])('aud %j', async (aud, expected) => {
    expect(await verdict({ aud })).toBe(expected);
  });

  test('any of several will do', async () => {
    expect(await verdict({ aud: 'b' }, { audiences: ['a', 'b'] })).toBe('accepted');
  });

  test.each([
    ['nats-sts', 'accepted'],
    ['other', 'audience_mismatch'],
    [undefined, 'claim_missing'],
    [['nats-sts'], 'claim_malformed'],
  ])('client_id %j in its place, for Cognito access tokens', async (client_id, expected) => {
    expect(await verdict({ client_id }, { audienceClaim: 'client_id' })).toBe(expected);
  });

  test('the message says whom the token is for and whom it should be for', async () => {
    const token = await signToken({ ...tokenClaims(ISSUER), aud: ['account', 'a\r\nb"'] }, {}, key);
    const { message } = await refusal(verifierOf([staticIssuer([key])]).verify(token));
    expect(message).toBe(
      'The token is for "account", "a??b?", but this service accepts only tokens for "nats-sts".',
    );
  });
});

describe('rule: each issuer declares which kinds of token it takes', () => {
  test.each([
    ['an ID token', { nonce: 'n' }, {}, ['access_token', 'jwt']],
    ['an access token', { scope: 's' }, {}, ['id_token', 'jwt']],
    ['an access token by its header', {}, { typ: 'at+jwt' }, ['id_token', 'jwt']],
    ['a plain JWT', {}, {}, ['id_token', 'access_token']],
    ["Keycloak's refresh token", { typ: 'Refresh' }, {}, ['id_token', 'access_token', 'jwt']],
    ["Cognito's ID token", { token_use: 'id' }, {}, ['access_token']],
  ] as const)('%s is refused where others are taken', async (_what, claims, header, kinds) => {
    expect(await verdict(claims, { kinds }, header)).toBe('token_kind_not_allowed');
  });

  test.each([
    ['id_token', { nonce: 'n' }],
    ['access_token', { scope: 's' }],
    ['jwt', {}],
  ] as const)('%s is accepted where it is taken', async (kind, claims) => {
    expect(await verdict(claims, { kinds: [kind] })).toBe('accepted');
  });
});

describe('rule: claims that the configuration pins must hold', () => {
  test.each([
    ['t1', 'accepted'],
    ['t2', 'accepted'],
    ['t3', 'tenant_not_allowed'],
    ['T1', 'tenant_not_allowed'],
    [undefined, 'claim_missing'],
    [['t1'], 'claim_malformed'],
    [null, 'claim_missing'],
  ])('tid %j', async (tid, expected) => {
    expect(await verdict({ tid }, { require: { tid: ['t1', 't2'] } })).toBe(expected);
  });

  test('all of them', async () => {
    const require = { a: ['1'], '/b/c': ['2'] };
    expect(await verdict({ a: '1', b: { c: '2' } }, { require })).toBe('accepted');
    expect(await verdict({ a: '1', b: { c: '3' } }, { require })).toBe('claim_malformed');
    expect(await verdict({ a: '1' }, { require })).toBe('claim_missing');
  });

  test('token_use', async () => {
    const require = { token_use: ['access'] };
    expect(await verdict({ token_use: 'access' }, { require })).toBe('accepted');
    expect(await verdict({ token_use: 'id' }, { require })).toBe('token_kind_not_allowed');
  });
});

describe('rule: an identity is iss and sub', () => {
  test('a token without a subject is nobody', async () => {
    expect(await verdict({ sub: undefined })).toBe('claim_missing');
    expect(await verdict({ sub: 42 })).toBe('claim_malformed');
  });

  test('Entra names tid and oid', async () => {
    const token = await signToken({ ...tokenClaims(ISSUER), tid: 't', oid: 'o' }, {}, key);
    const spec = staticIssuer([key], { subject: [['tid', 'oid']] });
    expect(verifierOf([spec]).verify(token)).toMatchObject({ subject: 't/o', issuer: ISSUER });
  });

  test('several tenants are several issuers, and the identity says which', async () => {
    const spec = staticIssuer([key], { issuers: ['https://login.test/a', 'https://login.test/b'] });
    const token = await signToken(tokenClaims('https://login.test/b'), {}, key);
    expect(verifierOf([spec]).verify(token)).toMatchObject({ issuer: 'https://login.test/b' });
    const other = await signToken(tokenClaims('https://login.test/c'), {}, key);
    expect(await outcome(verifierOf([spec]).verify(other))).toBe('issuer_unknown');
  });
});

describe('rule: jti single use is per issuer, off by default, shared when on', () => {
  const once = (uses: Pick<SingleUse, 'claim'>, more: Partial<IssuerSpec> = {}) => {
    const singleUse = { ...memorySingleUse({ clock }), ...uses };
    return verifierOf([staticIssuer([key], { singleUse: true, ...more })], { singleUse });
  };

  test('off: a token may be sent again, with or without jti', async () => {
    const verifier = verifierOf([staticIssuer([key])]);
    const token = await signToken({ ...tokenClaims(ISSUER), jti: 'j' }, {}, key);
    expect(await outcome(verifier.verify(token))).toBe('accepted');
    expect(await outcome(verifier.verify(token))).toBe('accepted');
  });

  test('on: of many at once exactly one is accepted, on whichever replica', async () => {
    const singleUse = memorySingleUse({ clock });
    const replicas = [once(singleUse), once(singleUse)];
    const token = await signToken({ ...tokenClaims(ISSUER), jti: 'j' }, {}, key);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => outcome(replicas[i % 2]!.verify(token))),
    );
    expect(outcomes.toSorted()).toEqual([
      'accepted',
      ...Array.from({ length: 19 }, () => 'token_reused'),
    ]);
  });

  test.each([
    [undefined, 'claim_missing'],
    ['', 'claim_malformed'],
    [1, 'claim_malformed'],
    ['x'.repeat(257), 'claim_malformed'],
  ])('on: a jti of %j is refused', async (jti, expected) => {
    expect(await verdict({ jti }, { singleUse: true })).toBe(expected);
  });

  test('on: a token that is refused is not used up', async () => {
    const claimed: string[] = [];
    const verifier = once({ claim: (_iss, jti) => claimed.push(jti) > 0 });
    const stranger = await createTestKey('k1');
    const forged = await signToken({ ...tokenClaims(ISSUER), jti: 'j' }, {}, stranger);
    expect(await outcome(verifier.verify(forged))).toBe('signature_invalid');
    expect(claimed).toEqual([]);
  });

  test('on: remembered until the token can no longer be used, leeway included', async () => {
    const asked: unknown[] = [];
    const verifier = once({ claim: (...claim) => asked.push(claim) > 0 }, { leewaySeconds: 30 });
    await verifier.verify(await signToken({ ...tokenClaims(ISSUER), jti: 'j' }, {}, key));
    expect(asked).toEqual([[ISSUER, 'j', NOW + 330]]);
  });

  test('on: a token whose use cannot be recorded is rejected', async () => {
    const token = await signToken({ ...tokenClaims(ISSUER), jti: 'j' }, {}, key);
    const full = once(memorySingleUse({ clock, capacity: 0 }));
    expect(await outcome(full.verify(token))).toBe('overloaded');
    const broken = once({ claim: () => Promise.reject(new Error('disk full')) });
    await expect(broken.verify(token)).rejects.toThrow('disk full');
  });
});

describe('a verifier', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('fetches keys before the first token when prewarmed, and says how that went', async () => {
    await using good = await startIssuer();
    await using bad = await startIssuer();
    bad.behave('jwks', { status: 500 });
    const verifier = verifierOf([good.spec({ name: 'good' }), bad.spec({ name: 'bad' })]);
    await verifier.prewarm();
    expect(verifier.status()).toEqual([
      { name: 'good', ready: true, fetchedAt: clock.now(), lastError: undefined },
      { name: 'bad', ready: false, fetchedAt: undefined, lastError: expect.stringMatching(/500$/) },
    ]);
    expect(verifier.verify(await good.token())).toMatchObject({ subject: 'orders' });
    verifier.close();
  });

  test('waits for keys that are not there yet, and accepts then', async () => {
    await using issuer = await startIssuer();
    const verifier = verifierOf([issuer.spec()]);
    expect(await outcome(verifier.verify(await issuer.token()))).toBe('accepted');
    verifier.close();
  });

  test('fetches keys anew by itself until it is closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using issuer = await startIssuer();
    const own = frozenClock();
    const singleUse = memorySingleUse({ clock: own });
    const verifier = createVerifier({
      issuers: [issuer.spec()],
      clock: own,
      singleUse,
      tokenBytes: 1,
    });
    await verifier.prewarm();
    own.advance(301);
    vi.advanceTimersByTime(15_000);
    await eventually(() => verifier.status()[0]?.fetchedAt === own.now());
    expect(issuer.requests).toHaveLength(4);
    verifier.close();
    own.advance(301);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(issuer.requests).toHaveLength(4);
  });

  test('goes on with the keys of the one before it, where their source is the same', async () => {
    await using same = await startIssuer();
    await using changed = await startIssuer();
    const before = verifierOf([same.spec({ name: 'a' }), changed.spec({ name: 'b' })]);
    await before.prewarm();
    const after = verifierOf(
      [
        same.spec({ name: 'renamed', audiences: ['new'] }),
        changed.spec({ name: 'b', algorithms: ['ES256'] }),
      ],
      { reusing: before },
    );
    before.close(after);
    expect(after.status().map(({ name, ready }) => [name, ready])).toEqual([
      ['renamed', true],
      ['b', false],
    ]);
    expect(after.verify(await same.token({ aud: 'new' }))).toMatchObject({ issuerName: 'renamed' });
    expect(await outcome(after.verify(await same.token()))).toBe('audience_mismatch');
    after.close();
  });

  test('does not cut off a fetch that its successor waits for', async () => {
    await using issuer = await startIssuer();
    const before = verifierOf([issuer.spec()]);
    const token = await issuer.token();
    const resume = issuer.pause();
    const waiting = before.verify(token);
    const after = verifierOf([issuer.spec()], { reusing: before });
    before.close(after);
    const alsoWaiting = after.verify(token);
    resume();
    expect([await outcome(waiting), await outcome(alsoWaiting)]).toEqual(['accepted', 'accepted']);
    after.close();
  });

  test('ends a fetch under way when it is closed for good', async () => {
    await using issuer = await startIssuer();
    issuer.behave('discovery', 'hang');
    const verifier = verifierOf([issuer.spec()]);
    const waiting = verifier.verify(await issuer.token());
    verifier.close();
    expect(await outcome(waiting)).toBe('issuer_unavailable');
  });

  test('is not built where two issuers claim the same iss', () => {
    const twice = [staticIssuer([key], { name: 'a' }), staticIssuer([key], { name: 'b' })];
    expect(() => verifierOf(twice)).toThrow(/two issuers/);
  });
});
