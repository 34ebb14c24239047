import { createHash } from 'node:crypto';
import { decode } from '@nats-io/jwt';
import { beforeAll, describe, expect, test } from 'vitest';
import { createMemoryLog } from '../src/audit/sinks/memory.ts';
import { Refusal } from '../src/errors.ts';
import { exchange as exchangeInForce, type ExchangeParts } from '../src/exchange.ts';
import type { ExchangeRequest, Issued } from '../src/exchange-request.ts';
import {
  memorySingleUse,
  type SingleUse,
  SingleUseUnavailable,
} from '../src/identity/single-use.ts';
import { createVerifier } from '../src/identity/verify.ts';
import { givenKeys } from '../src/keyring/given-keys.ts';
import { createKeyPair } from '../src/nats/key-pair.ts';
import type { Revocation } from '../src/revocation/revocation.ts';
import { indexRevocations } from '../src/revocation/revocation-index.ts';
import { NO_REVOCATIONS, refusalsBy } from '../src/revocation/revocations.ts';
import { binding, policyOf, role } from './policy/support.ts';
import {
  createTestKey,
  NOW,
  signToken,
  staticIssuer,
  type TestKey,
  tokenClaims,
} from './support/issuer.ts';

/** The story step by step, with the clock held still and every part real but the log's disk. */

const ISSUER = 'https://issuer.test';
const clock = { now: () => NOW * 1000 };
let key: TestKey;
beforeAll(async () => {
  key = await createTestKey('key');
});

const user = createKeyPair('user').publicKey;
const app = { account: createKeyPair('account').publicKey, signing: createKeyPair('account') };

function partsWith(changes: Partial<ExchangeParts> = {}) {
  const issuers = [
    staticIssuer([key], { name: 'dev', capToTokenExpiry: false, leewaySeconds: 30 }),
    staticIssuer([key], { name: 'capped', issuers: ['https://capped.test'] }),
  ];
  const audit = createMemoryLog();
  const parts: ExchangeParts = {
    clock,
    verifier: createVerifier({
      issuers,
      clock,
      tokenBytes: 16_384,
      singleUse: memorySingleUse({ clock }),
    }),
    policy: policyOf(
      [
        role('reader'),
        role('writer', { maxTtlSeconds: 60 }),
        role('team', { publish: { allow: ['teams.{{claims.team}}'], deny: [] } }),
      ],
      [
        binding({
          name: 'orders',
          issuer: 'dev',
          match: { sub: 'orders' },
          roles: ['reader', 'writer', 'team'],
        }),
        binding({ name: 'short-lived', issuer: 'capped', roles: ['reader'] }),
      ],
    ),
    revocations: NO_REVOCATIONS,
    audit,
    keyRing: givenKeys([
      { name: 'APP', publicKey: app.account, signingKeys: [{ seed: app.signing.seed() }] },
    ]),
    drafting: { maxControlLineBytes: 4096 },
    cappedIssuers: new Set(['capped']),
    ...changes,
  };
  return { parts, audit };
}

function tokenFor(claims: Record<string, unknown> = {}): Promise<string> {
  return signToken({ ...tokenClaims(ISSUER), ...claims }, {}, key);
}

function request(token: string, changes: Partial<ExchangeRequest> = {}): ExchangeRequest {
  return {
    door: 'exchange',
    requestId: 'request-1',
    address: '192.0.2.7',
    subject: { token },
    ask: {},
    ...changes,
  };
}

/** Without a reload. */
function exchange(parts: ExchangeParts, asked: ExchangeRequest) {
  return exchangeInForce(() => parts, asked);
}

function issued(result: Issued | Refusal): Issued {
  if (result instanceof Refusal) throw new Error(`refused: ${result.reason}`);
  return result;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('what is recorded', () => {
  test('every issuance, with everything known about it', async () => {
    const { parts, audit } = partsWith();
    const token = await tokenFor();
    const { credential } = issued(
      await exchange(parts, request(token, { ask: { role: 'writer' } })),
    );
    expect([...audit.list()]).toEqual([
      {
        type: 'issued',
        time: NOW * 1000,
        door: 'exchange',
        requestId: 'request-1',
        address: '192.0.2.7',
        identity: {
          issuerName: 'dev',
          issuer: ISSUER,
          subject: 'orders',
          tokenHash: sha256(token),
        },
        binding: 'orders',
        role: 'writer',
        account: 'APP',
        user: credential.userPublicKey,
        signingKey: app.signing.publicKey,
        tokenIssuedAt: NOW,
        expiresAt: NOW + 60,
        claims: { sub: 'orders' },
      },
    ]);
  });

  test('every denial of a verified identity, with the claims that the policy looked at', async () => {
    const { parts, audit } = partsWith();
    const token = await tokenFor({ sub: 'billing' });
    const result = await exchange(parts, request(token, { ask: { role: 'writer' } }));
    expect(result).toMatchObject({ reason: 'no_binding' });
    expect([...audit.list()]).toEqual([
      {
        type: 'denied',
        time: NOW * 1000,
        door: 'exchange',
        requestId: 'request-1',
        address: '192.0.2.7',
        identity: {
          issuerName: 'dev',
          issuer: ISSUER,
          subject: 'billing',
          tokenHash: sha256(token),
        },
        reason: 'no_binding',
        message: expect.any(String),
        binding: 'orders',
        failed: [{ on: 'sub', expected: '"orders"' }],
        role: 'writer',
        claims: { sub: 'billing' },
      },
    ]);
  });

  test('every rejection of a token, by its hash and without an identity', async () => {
    const { parts, audit } = partsWith();
    const token = `${await tokenFor()}x`;
    await exchange(parts, request(token));
    const [event] = audit.list();
    expect(event).toMatchObject({ type: 'rejected', tokenHash: sha256(token) });
    expect(event).not.toHaveProperty('identity');
  });

  test('the subject that was verified, and the hash of an actor’s token that was rejected', async () => {
    const { parts, audit } = partsWith();
    await exchange(parts, request(await tokenFor(), { actorToken: 'a.b.c' }));
    expect([...audit.list()]).toMatchObject([
      {
        type: 'denied',
        identity: { subject: 'orders' },
        actorTokenHash: sha256('a.b.c'),
        reason: 'token_malformed',
      },
    ]);
  });

  test('a refusal by the door itself, once the identity is known', async () => {
    const { parts, audit } = partsWith();
    const refusal = new Refusal('too_many_requests', 'Too many.', { retryAfterSeconds: 7 });
    const seen: string[] = [];
    const result = await exchange(
      parts,
      request(await tokenFor(), {
        admit: async ({ subject }) => {
          seen.push(subject);
          return refusal;
        },
      }),
    );
    expect([result, seen]).toEqual([refusal, ['orders']]);
    expect([...audit.list()]).toMatchObject([{ type: 'denied', reason: 'too_many_requests' }]);
  });

  test('before anything is signed: the record is there when the key is asked for its signature', async () => {
    const { parts, audit } = partsWith();
    const recordsAtSigning: number[] = [];
    const signing = await parts.keyRing.active('APP', 'reader', 60);
    if (!signing) throw new Error('no key');
    const sign = (message: Uint8Array) => {
      recordsAtSigning.push([...audit.list()].length);
      return signing.sign(message);
    };
    const keyRing = { ...parts.keyRing, active: () => ({ ...signing, sign }) };
    issued(await exchange({ ...parts, keyRing }, request(await tokenFor())));
    expect(recordsAtSigning).toEqual([1]);
  });
});

test('waiting for a key does not shorten the life of the credential', async () => {
  const { parts } = partsWith();
  let now = NOW;
  const keyRing = {
    ...parts.keyRing,
    active: async () => {
      now += 4;
      return parts.keyRing.active('APP', 'reader', 60);
    },
  };
  const waiting = { ...parts, clock: { now: () => now * 1000 }, keyRing };
  const { credential } = issued(await exchange(waiting, request(await tokenFor())));
  expect(credential.issuedAt).toBe(NOW + 4);
  const { credential: prompt } = issued(await exchange(parts, request(await tokenFor())));
  expect(credential.expiresAt - credential.issuedAt).toBe(prompt.expiresAt - prompt.issuedAt);
});

test('a configuration that was replaced during the wait for a signing key decides nothing', async () => {
  const { parts: after, audit } = partsWith({ policy: policyOf([role('reader')], []) });
  const { parts: before } = partsWith({ audit });
  let parts = before;
  let admitted = 0;
  parts = {
    ...before,
    keyRing: {
      ...before.keyRing,
      active: async () => {
        parts = after;
        return before.keyRing.active('APP', 'reader', 60);
      },
    },
  };
  const admit = async () => {
    admitted += 1;
    return undefined;
  };
  const result = await exchangeInForce(() => parts, request(await tokenFor(), { admit }));
  expect(result).toMatchObject({ reason: 'no_binding' });
  expect([...audit.list()]).toMatchObject([{ type: 'denied', reason: 'no_binding' }]);
  // The caller asked once, and is counted once.
  expect(admitted).toBe(1);
});

describe('a revocation', () => {
  const target = { issuer: 'dev', subject: 'orders' };
  const revocation: Revocation = {
    id: '0123456789ab',
    target,
    reason: 'left the company',
    block: false,
    at: NOW,
    by: { issuerName: 'dev', subject: 'admin' },
    until: NOW + 1000,
  };
  const revoked = (changes: Partial<Revocation> = {}) =>
    partsWith({ revocations: refusalsBy(indexRevocations([{ ...revocation, ...changes }])) });

  test('refuses a token from before it, and the record says what would have been issued', async () => {
    const { parts, audit } = revoked();
    const result = await exchange(parts, request(await tokenFor()));
    expect(result).toMatchObject({ code: 'invalid_token', reason: 'token_revoked' });
    expect([...audit.list()]).toMatchObject([
      {
        type: 'denied',
        reason: 'token_revoked',
        detail: 'revocation 0123456789ab: left the company',
        binding: 'orders',
        role: 'reader',
        claims: { sub: 'orders' },
      },
    ]);
  });

  test('does not tell its reason to the caller', async () => {
    const { parts } = revoked({ block: true });
    const result = await exchange(parts, request(await tokenFor()));
    expect(result instanceof Refusal && result.message).not.toContain('left the company');
  });

  test('refuses a token whose issuer’s clock is some seconds ahead', async () => {
    const { parts } = revoked({ at: NOW - 5 });
    expect(await exchange(parts, request(await tokenFor()))).toMatchObject({
      reason: 'token_revoked',
    });
  });

  test('refuses every token in its own second, in which the credential would be issued', async () => {
    const { parts } = revoked();
    expect(await exchange(parts, request(await tokenFor({ iat: NOW + 20 })))).toMatchObject({
      reason: 'token_revoked',
    });
  });

  test('that arrives while the issuance is recorded prevents signing, and is recorded', async () => {
    const index = indexRevocations();
    const { parts, audit } = partsWith({ revocations: refusalsBy(index) });
    const signing = await parts.keyRing.active('APP', 'reader', 60);
    if (!signing) throw new Error('no key');
    let signatures = 0;
    const sign = (message: Uint8Array) => {
      signatures += 1;
      return signing.sign(message);
    };
    const racing: ExchangeParts = {
      ...parts,
      keyRing: { ...parts.keyRing, active: () => ({ ...signing, sign }) },
      audit: {
        ...audit,
        record: async (event) => {
          await audit.record(event);
          index.put(revocation);
        },
      },
    };
    expect(await exchange(racing, request(await tokenFor()))).toMatchObject({
      reason: 'token_revoked',
    });
    expect(signatures).toBe(0);
    expect([...audit.list()]).toMatchObject([{ type: 'issued' }, { type: 'denied' }]);
  });

  test('decides anew about a token from after it', async () => {
    const { parts } = revoked({ at: NOW - 6 });
    const { grant } = issued(await exchange(parts, request(await tokenFor())));
    expect(grant.role.name).toBe('reader');
  });

  test('that blocks refuses every token', async () => {
    const { parts } = revoked({ at: NOW - 1000, block: true });
    const result = await exchange(parts, request(await tokenFor()));
    expect(result).toMatchObject({ code: 'access_denied', reason: 'blocked' });
  });

  test('reaches an actor, and an actor’s token from before it', async () => {
    const { parts } = revoked({ at: NOW - 6 });
    const old = await tokenFor({ iat: NOW - 1 });
    expect(await exchange(parts, request(await tokenFor(), { actorToken: old }))).toMatchObject({
      reason: 'token_revoked',
    });
    issued(await exchange(parts, request(await tokenFor(), { actorToken: await tokenFor() })));
  });

  test('of a binding reaches an actor that uses it for a subject of another; the record has both', async () => {
    const { parts, audit } = revoked({ target: { binding: 'short-lived' }, block: true });
    const actorToken = await tokenFor({ iss: 'https://capped.test' });
    const delegated = request(await tokenFor(), { actorToken });
    expect(await exchange(parts, delegated)).toMatchObject({ reason: 'blocked' });
    issued(await exchange({ ...parts, revocations: NO_REVOCATIONS }, delegated));
    expect([...audit.list()].at(-1)).toMatchObject({
      type: 'issued',
      binding: 'orders',
      actorBinding: 'short-lived',
    });
  });

  test.each<[string, Revocation['target']]>([
    ['role', { role: 'writer' }],
    ['binding', { binding: 'orders' }],
    ['nkey', { nkey: user }],
  ])('of a %s refuses those who would get it, and nobody else', async (kind, target) => {
    const { parts } = revoked({ target });
    const token = await tokenFor();
    const asks = { ask: { role: 'writer' }, userPublicKey: user };
    expect(await exchange(parts, request(token, asks))).toMatchObject({ reason: 'token_revoked' });
    if (kind === 'binding') return;
    issued(await exchange(parts, request(token, { ask: { role: 'reader' } })));
  });
});

describe('if it can’t be recorded', () => {
  test.each([
    ['nothing is signed', {}],
    ['a denial says that it is us', { sub: 'billing' }],
    ['a rejection says that it is us', { exp: 1 }],
  ])('%s', async (_, claims) => {
    const { parts, audit } = partsWith();
    audit.breakWith(new Error('the disk is full: /secret/path'));
    let signatures = 0;
    const signing = await parts.keyRing.active('APP', 'reader', 60);
    if (!signing) throw new Error('no key');
    const sign = (message: Uint8Array) => {
      signatures += 1;
      return signing.sign(message);
    };
    const keyRing = { ...parts.keyRing, active: () => ({ ...signing, sign }) };
    const result = await exchange({ ...parts, keyRing }, request(await tokenFor(claims)));
    expect(result).toMatchObject({ reason: 'audit_unavailable', retryAfterSeconds: 5 });
    expect((result as Refusal).message).not.toContain('disk');
    expect(signatures).toBe(0);
  });
});

describe('the user JWT never outlives what the policy says: its expiry', () => {
  test.each([
    ['is the role’s maximum', {}, NOW + 900],
    ['is what was asked for, when that is less', { ttlSeconds: 30 }, NOW + 30],
    ['is never more than the role’s maximum', { ttlSeconds: 100_000 }, NOW + 900],
    ['is that of another role, when that was asked for', { role: 'writer' }, NOW + 60],
  ])('%s', async (_, ask, expected) => {
    const { parts } = partsWith();
    const { credential } = issued(await exchange(parts, request(await tokenFor(), { ask })));
    expect(credential.expiresAt).toBe(expected);
    expect(decode(credential.jwt)).toMatchObject({ iat: NOW, exp: expected });
  });

  test('is no later than the token’s, if the issuer is configured so', async () => {
    const { parts } = partsWith();
    const token = await tokenFor({ iss: 'https://capped.test', exp: NOW + 100 });
    expect(issued(await exchange(parts, request(token))).credential.expiresAt).toBe(NOW + 100);
  });

  test('is no later than the actor’s token, if its issuer is configured so', async () => {
    const { parts } = partsWith();
    const actorToken = await tokenFor({ iss: 'https://capped.test', exp: NOW + 50 });
    const result = await exchange(parts, request(await tokenFor(), { actorToken }));
    expect(issued(result).credential.expiresAt).toBe(NOW + 50);
  });

  test('refuses and records a token that only leeway accepts, because its credential would be expired', async () => {
    const { parts, audit } = partsWith();
    const token = await tokenFor({ iss: 'https://capped.test', iat: NOW - 60, exp: NOW - 1 });
    expect(await exchange(parts, request(token))).toMatchObject({ reason: 'token_expired' });
    expect([...audit.list()]).toMatchObject([{ type: 'denied', reason: 'token_expired' }]);
  });
});

describe('what goes into NATS', () => {
  test.each(['*', '>', 'a.b', 'a b', '', '{{tag(x)}}', '$SYS', 'a\u0000', 'é'])(
    'a claim value that is not one plain subject token (%j) never reaches a subject: denied',
    async (team) => {
      const { parts } = partsWith();
      const result = await exchange(
        parts,
        request(await tokenFor({ team }), { ask: { role: 'team' } }),
      );
      expect(result).toMatchObject({ reason: 'template_value_unsafe' });
    },
  );

  test('a template that names a missing claim is a denial, never an empty string and never a dropped entry', async () => {
    const { parts } = partsWith();
    const result = await exchange(parts, request(await tokenFor(), { ask: { role: 'team' } }));
    expect(result).toMatchObject({ reason: 'template_claim_missing' });
  });

  test('a credential is never issued for another account than the grant’s; issuer_account is always set', async () => {
    const { parts } = partsWith();
    const { credential } = issued(await exchange(parts, request(await tokenFor())));
    expect(credential.account).toBe(app.account);
    expect(decode(credential.jwt)).toMatchObject({
      iss: app.signing.publicKey,
      nats: { issuer_account: app.account },
    });
    expect(
      await exchange(parts, request(await tokenFor(), { ask: { account: 'OTHER' } })),
    ).toMatchObject({ reason: 'role_not_allowed' });
  });

  test('without a key for the role nothing is issued, and the caller may try again', async () => {
    const { parts, audit } = partsWith({
      keyRing: { active: () => undefined, pending: () => undefined },
    });
    const result = await exchange(parts, request(await tokenFor()));
    expect(result).toMatchObject({
      reason: 'signing_key_unavailable',
      code: 'temporarily_unavailable',
      retryAfterSeconds: 30,
    });
    expect([...audit.list()]).toMatchObject([{ type: 'denied', claims: { sub: 'orders' } }]);
  });
});

describe('a token that may be used once', () => {
  /** Over a memory of what was used that can stop answering. */
  function once(changes: Partial<ExchangeParts> = {}) {
    const memory = memorySingleUse({ clock });
    let down: 'hold' | 'settle' | undefined;
    const singleUse: SingleUse = {
      ...memory,
      async hold(...what) {
        const held = await memory.hold(...what);
        if (down === 'hold') throw new SingleUseUnavailable('no answer');
        return (
          held && {
            ...held,
            async settle() {
              if (down !== 'settle') return held.settle();
              held.release();
              throw new SingleUseUnavailable('no answer');
            },
          }
        );
      },
    };
    const issuers = [staticIssuer([key], { singleUse: true, capToTokenExpiry: false })];
    const verifier = createVerifier({ issuers, clock, tokenBytes: 16_384, singleUse });
    return {
      ...partsWith({ verifier, ...changes }),
      storeIs: (state: typeof down) => {
        down = state;
      },
    };
  }
  const reason = async (parts: ExchangeParts, ask: ExchangeRequest) => {
    const answer = await exchange(parts, ask);
    return answer instanceof Refusal ? answer.reason : 'issued';
  };

  test('is used up by a credential', async () => {
    const { parts } = once();
    const ask = request(await tokenFor({ jti: 'j' }));
    expect(await reason(parts, ask)).toBe('issued');
    expect(await reason(parts, ask)).toBe('token_reused');
  });

  test.each(['hold', 'settle'] as const)(
    'is not used up by "try again", because %s was not confirmed',
    async (state) => {
      const { parts, storeIs } = once();
      const ask = request(await tokenFor({ jti: 'j' }));
      storeIs(state);
      expect(await reason(parts, ask)).toBe('store_unavailable');
      storeIs(undefined);
      expect(await reason(parts, ask)).toBe('issued');
      expect(await reason(parts, ask)).toBe('token_reused');
    },
  );

  test('is not used up by "try again" for any other reason: record, key, limit, a fault', async () => {
    const { parts, audit } = once();
    const ask = request(await tokenFor({ jti: 'j' }));
    audit.breakWith(new Error('disk full'));
    expect(await reason(parts, ask)).toBe('audit_unavailable');
    audit.breakWith(undefined);
    const without = { ...parts, keyRing: { ...parts.keyRing, active: () => undefined } };
    expect(await reason(without, ask)).toBe('signing_key_unavailable');
    const limit = async () => new Refusal('too_many_requests', 'Later.');
    expect(await reason(parts, { ...ask, admit: limit })).toBe('too_many_requests');
    const broken = {
      ...parts,
      keyRing: { ...parts.keyRing, active: () => Promise.reject(new Error('a bug')) },
    };
    await expect(exchange(broken, ask)).rejects.toThrow('a bug');
    expect(await reason(parts, ask)).toBe('issued');
  });

  test('is used up by a denial', async () => {
    const { parts } = once();
    const token = await tokenFor({ jti: 'j' });
    expect(await reason(parts, request(token, { ask: { role: 'none' } }))).toBe('role_not_allowed');
    expect(await reason(parts, request(token))).toBe('token_reused');
  });

  test('is held as an actor’s token, too', async () => {
    const { parts } = once();
    const ask = request(await tokenFor({ jti: 'subject' }), {
      actorToken: await tokenFor({ jti: 'actor' }),
    });
    const without = { ...parts, keyRing: { ...parts.keyRing, active: () => undefined } };
    expect(await reason(without, ask)).toBe('signing_key_unavailable');
    expect(await reason(parts, ask)).toBe('issued');
    const again = { ...ask, subject: { token: await tokenFor({ jti: 'another' }) } };
    expect(await reason(parts, again)).toBe('token_reused');
  });
});

test('a fault is an exception, not a refusal', async () => {
  const { parts } = partsWith();
  const fault = new Error('a bug');
  const keyRing = {
    ...parts.keyRing,
    active: () => {
      throw fault;
    },
  };
  await expect(exchange({ ...parts, keyRing }, request(await tokenFor()))).rejects.toBe(fault);
});
