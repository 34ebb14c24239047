import { describe, expect, test } from 'vitest';
import { memorySingleUse } from '../../../src/identity/single-use.ts';
import { createVerifier } from '../../../src/identity/verify.ts';
import {
  createTestKey,
  NOW,
  signToken,
  startIssuer,
  type TestIssuer,
  type TestKey,
  tokenClaims,
} from '../../support/issuer.ts';
import { outcome, refusal } from '../outcome.ts';

/** An issuer that changes its key and keeps the name, or never names any. */

async function world(issuer: TestIssuer, kid: string | undefined) {
  let seconds = NOW;
  const clock = { now: () => seconds * 1000 };
  const verifier = createVerifier({
    issuers: [issuer.spec({ leewaySeconds: 0 })],
    clock,
    singleUse: memorySingleUse({ clock }),
    tokenBytes: 16_384,
  });
  const old = await keyNamed(kid);
  issuer.publish(old);
  await verifier.prewarm();
  const token = (key: TestKey, claims = {}) =>
    signToken({ ...tokenClaims(issuer.issuer), exp: NOW + 3600, ...claims }, {}, key);
  return {
    old,
    verify: async (key: TestKey, claims = {}) => verifier.verify(await token(key, claims)),
    fetches: () => issuer.requests.filter((path) => path === '/jwks').length,
    advance: (by: number) => {
      seconds += by;
    },
  };
}

async function keyNamed(kid: string | undefined): Promise<TestKey> {
  const key = await createTestKey(kid);
  if (kid !== undefined) return key;
  const { kid: _, ...jwk } = key.jwk;
  return { ...key, kid, jwk };
}

describe.each([
  ['of the same name', 'k1'],
  ['without a name', undefined],
])('a new key %s', (_what, kid) => {
  test('is fetched by the first token that it signed, and that token is accepted', async () => {
    await using issuer = await startIssuer();
    const { old, verify, fetches } = await world(issuer, kid);
    expect(await outcome(verify(old))).toBe('accepted');
    expect(fetches()).toBe(1);
    const next = await keyNamed(kid);
    issuer.publish(next);
    expect(await outcome(verify(next))).toBe('accepted');
    expect(fetches()).toBe(2);
    // The old key is gone: nothing remembers that it was good.
    expect(await outcome(verify(old))).toBe('signature_invalid');
  });

  test('and the old one are both good while the issuer publishes both', async () => {
    await using issuer = await startIssuer();
    const { old, verify, fetches } = await world(issuer, kid);
    const next = await keyNamed(kid);
    issuer.publish(old, next);
    expect(await outcome(verify(next))).toBe('accepted');
    expect(await outcome(verify(old))).toBe('accepted');
    expect(await outcome(verify(await keyNamed(kid)))).toBe('signature_invalid');
    expect(fetches()).toBe(2);
  });

  test('is fetched once for many tokens at once', async () => {
    await using issuer = await startIssuer();
    const { verify, fetches } = await world(issuer, kid);
    const next = await keyNamed(kid);
    issuer.publish(next);
    const resume = issuer.pause();
    const verdicts = Promise.all(
      Array.from({ length: 40 }, (_, n) => outcome(verify(next, { sub: `s${n}` }))),
    );
    resume();
    expect(new Set(await verdicts)).toEqual(new Set(['accepted']));
    expect(fetches()).toBe(2);
  });

  test('forged signatures provoke a fetch once in 30 seconds, and no more than unknown names do', async () => {
    await using issuer = await startIssuer();
    const { old, verify, fetches, advance } = await world(issuer, kid);
    const forger = await keyNamed(kid);
    for (let n = 0; n < 5; n++) {
      expect(await outcome(verify(forger, { sub: `s${n}` }))).toBe('signature_invalid');
    }
    expect(fetches()).toBe(2);
    expect(await outcome(verify({ ...forger, kid: 'unknown' }))).toBe('key_unknown');
    expect(fetches()).toBe(2);
    advance(29);
    expect(await refusal(verify(forger))).toMatchObject({ retryAfterSeconds: 1 });
    expect(fetches()).toBe(2);
    advance(1);
    expect(await outcome(verify(forger))).toBe('signature_invalid');
    expect(fetches()).toBe(3);
    expect(await outcome(verify({ ...forger, kid: 'unknown' }))).toBe('key_unknown');
    expect(fetches()).toBe(3);
    expect(await outcome(verify(old))).toBe('accepted');
  });

  test('while the issuer is down, its tokens are refused and those of the old key accepted', async () => {
    await using issuer = await startIssuer();
    const { old, verify } = await world(issuer, kid);
    const next = await keyNamed(kid);
    issuer.publish(next);
    issuer.behave('jwks', { status: 503 });
    expect(await outcome(verify(next))).toBe('signature_invalid');
    expect(await outcome(verify(old))).toBe('accepted');
  });

  test('is all that is fetched for: other keys in its place leave a forged token forged', async () => {
    await using issuer = await startIssuer();
    const { verify, fetches } = await world(issuer, kid);
    issuer.publish(await keyNamed('another name'));
    const verdict = await outcome(verify(await keyNamed(kid)));
    expect(verdict).toBe(kid === undefined ? 'signature_invalid' : 'key_unknown');
    expect(fetches()).toBe(2);
  });
});
