import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import type { Json } from '../../../src/identity/identity.ts';
import { memorySingleUse } from '../../../src/identity/single-use.ts';
import { createVerifier } from '../../../src/identity/verify.ts';
import { openEndedSessions } from '../../../src/login/session/ended-sessions.ts';
import {
  createSessionKeeper,
  type LoginInForce,
} from '../../../src/login/session/create-session-keeper.ts';
import type { Session } from '../../../src/login/session.ts';
import { startSession } from '../../../src/login/session/start-session.ts';
import { createTextSealer } from '../../../src/login/text-sealer.ts';
import { indexRevocations } from '../../../src/revocation/revocation-index.ts';
import { refusalsBy } from '../../../src/revocation/revocations.ts';
import { type SharedState, StoreUnavailable } from '../../../src/store/shared-state.ts';
import { memoryState } from '../../revocation/memory-state.ts';
import { revocation } from '../../revocation/support.ts';
import { AUDIENCE, createTestKey, NOW, signToken, staticIssuer } from '../../support/issuer.ts';

const key = await createTestKey();
const spec = staticIssuer([key], { name: 'company', kinds: ['id_token'], leewaySeconds: 60 });

/** The login of the configuration of today. */
function inForce(changes: Partial<LoginInForce> = {}): LoginInForce {
  return { clientId: AUDIENCE, sessionSeconds: 3_600, idToken: spec, ...changes };
}

/** One replica's keeper, at a time that a test moves. */
async function setUp({ state = memoryState() }: { readonly state?: SharedState } = {}) {
  let now = NOW;
  const clock = { now: () => now * 1_000 };
  const logins = new Map<string, LoginInForce>([['company', inForce()]]);
  const revocations = indexRevocations();
  const sealer = createTextSealer({
    keys: [Buffer.alloc(32, 1)],
    audience: () => 'https://sts.test',
    clock,
  });
  const keeper = createSessionKeeper({
    sealer,
    ended: await openEndedSessions({ state, clock }),
    revocations: refusalsBy(revocations),
    login: (name) => logins.get(name),
    clock,
  });
  const verifier = createVerifier({
    issuers: [spec],
    clock,
    singleUse: memorySingleUse({ clock }),
    tokenBytes: 100_000,
  });
  verifier.close();

  async function session(
    claims: Record<string, Json> = {},
    changes: { readonly sessionSeconds?: number; readonly capToTokenExpiry?: boolean } = {},
  ): Promise<Session> {
    const idToken = await signToken(
      {
        iss: 'https://issuer.test',
        sub: 'ada',
        aud: AUDIENCE,
        nonce: 'n',
        iat: NOW,
        exp: NOW + 300,
        ...claims,
      },
      {},
      key,
    );
    const identity = await verifier.verify(idToken);
    if (identity instanceof Refusal) throw new Error(identity.message);
    const { sessionSeconds = 3_600, capToTokenExpiry = false } = changes;
    return startSession({
      identity,
      idToken,
      spec: { sessionSeconds, idToken: { ...spec, capToTokenExpiry } },
      clock,
    });
  }

  return {
    keeper,
    sealer,
    logins,
    revocations,
    session,
    pass: (seconds: number) => {
      now += seconds;
    },
  };
}

const MISSING = { reason: 'session_missing' };

describe('a session', () => {
  test('opens to what was sealed, whatever the ID token says', async () => {
    const { keeper, session } = await setUp();
    const claim = fc.oneof(fc.string({ unit: 'grapheme' }), fc.array(fc.string()), fc.integer());
    await fc.assert(
      fc.asyncProperty(claim, async (value) => {
        const made = await session({ value });
        expect(await keeper.open(await keeper.seal(made))).toEqual(made);
      }),
      { numRuns: 30 },
    );
  });

  test('ends when the login says', async () => {
    const { keeper, session, pass } = await setUp();
    const made = await session({}, { sessionSeconds: 60 });
    expect([made.startedAt, made.endsAt]).toEqual([NOW, NOW + 60]);
    const sealed = await keeper.seal(made);
    pass(59);
    expect(await keeper.open(sealed)).toEqual(made);
    pass(1);
    expect(await keeper.open(sealed)).toMatchObject(MISSING);
  });

  test('outlives its ID token, unless credentials of the issuer end with their tokens', async () => {
    const { session } = await setUp();
    expect((await session()).endsAt).toBe(NOW + 3_600);
    expect((await session({}, { capToTokenExpiry: true })).endsAt).toBe(NOW + 300);
    const short = { capToTokenExpiry: true, sessionSeconds: 100 };
    expect((await session({}, short)).endsAt).toBe(NOW + 100);
  });

  test('has its own name', async () => {
    const { session } = await setUp();
    expect((await session()).id).not.toBe((await session()).id);
  });

  test('that was ended opens on no replica', async () => {
    const state = memoryState();
    const here = await setUp({ state });
    const there = await setUp({ state });
    const made = await here.session();
    const sealed = await here.keeper.seal(made);
    const kept = await here.keeper.seal(await here.session());
    expect(await there.keeper.open(sealed)).toEqual(made);
    expect(await here.keeper.end(made)).toBeUndefined();
    expect(await here.keeper.open(sealed)).toMatchObject(MISSING);
    expect(await there.keeper.open(sealed)).toMatchObject(MISSING);
    expect(await there.keeper.open(kept)).not.toBeInstanceOf(Refusal);
  });

  test('continues, and its owner learns so, if the store cannot record its end', async () => {
    const state = memoryState();
    const broken = { ...state, write: () => Promise.reject(new StoreUnavailable('disk full')) };
    const { keeper, session } = await setUp({ state: broken });
    const made = await session();
    expect(await keeper.end(made)).toMatchObject({
      reason: 'store_unavailable',
      detail: 'disk full',
    });
    expect(await keeper.open(await keeper.seal(made))).toEqual(made);
  });

  test('of an issuer at which people no longer sign in does not open', async () => {
    const { keeper, session, logins } = await setUp();
    const sealed = await keeper.seal(await session());
    logins.clear();
    expect(await keeper.open(sealed)).toMatchObject(MISSING);
  });

  test('rule: an identity is iss and sub: one of another issuer than the name refers to now does not open', async () => {
    const { keeper, session, logins } = await setUp();
    const sealed = await keeper.seal(await session());
    logins.set(
      'company',
      inForce({ idToken: { issuers: ['https://new.test', spec.issuers[0]!] } }),
    );
    expect(await keeper.open(sealed)).not.toBeInstanceOf(Refusal);
    logins.set('company', inForce({ idToken: { issuers: ['https://new.test'] } }));
    expect(await keeper.open(sealed)).toMatchObject(MISSING);
  });

  test.each([AUDIENCE, ['somebody else', AUDIENCE]])(
    'rule: a token must be meant for us: one of another client than the configuration has now does not open: aud %j',
    async (aud) => {
      const { keeper, session, logins } = await setUp();
      const sealed = await keeper.seal(await session({ aud }));
      expect(await keeper.open(sealed)).not.toBeInstanceOf(Refusal);
      logins.set('company', inForce({ clientId: 'another client' }));
      expect(await keeper.open(sealed)).toMatchObject(MISSING);
    },
  );

  test('ends by the configuration in force, if that allows less than the one at its beginning', async () => {
    const { keeper, session, logins, pass } = await setUp();
    const sealed = await keeper.seal(await session());
    pass(100);
    logins.set('company', inForce({ sessionSeconds: 101 }));
    expect(await keeper.open(sealed)).not.toBeInstanceOf(Refusal);
    logins.set('company', inForce({ sessionSeconds: 100 }));
    expect(await keeper.open(sealed)).toMatchObject(MISSING);
  });

  test('is not prolonged by a configuration that allows more', async () => {
    const { keeper, session, logins, pass } = await setUp();
    const sealed = await keeper.seal(await session());
    logins.set('company', inForce({ sessionSeconds: 36_000 }));
    pass(3_600);
    expect(await keeper.open(sealed)).toMatchObject(MISSING);
  });

  test('of an identity that was revoked does not open; one of a later login does', async () => {
    const { keeper, session, revocations, pass } = await setUp();
    const before = await keeper.seal(await session());
    const others = await keeper.seal(await session({ sub: 'grace' }));
    revocations.put(revocation({ target: { issuer: 'company', subject: 'ada' } }));
    expect(await keeper.open(before)).toMatchObject({ reason: 'token_revoked' });
    expect(await keeper.open(others)).not.toBeInstanceOf(Refusal);
    pass(10);
    const later = await keeper.seal(await session({ iat: NOW + 10, exp: NOW + 310 }));
    expect(await keeper.open(later)).not.toBeInstanceOf(Refusal);
    expect(await keeper.open(before)).toMatchObject({ reason: 'token_revoked' });
  });

  test('rule: revoked is revoked: a session from before a revocation does not open, although the issuer’s clock is ahead', async () => {
    const { keeper, session, revocations } = await setUp();
    const made = await session({ iat: NOW + 30, exp: NOW + 330 });
    expect(made.identity.issuedAt).toBe(NOW);
    const sealed = await keeper.seal(made);
    expect(await keeper.open(sealed)).toEqual(made);
    const target = { issuer: 'company', subject: 'ada' };
    revocations.put(revocation({ target, at: NOW + 10 }));
    expect(await keeper.open(sealed)).toMatchObject({ reason: 'token_revoked' });
  });

  test('of an identity that is blocked does not open, and says so', async () => {
    const { keeper, session, revocations } = await setUp();
    const sealed = await keeper.seal(await session());
    revocations.put(revocation({ target: { issuer: 'company', subject: 'ada' }, block: true }));
    expect(await keeper.open(sealed)).toMatchObject({ reason: 'blocked' });
  });

  test('is a third smaller, sealed, than its ID token where that lists groups', async () => {
    const { keeper, session } = await setUp();
    const groups = Array.from({ length: 150 }, () => crypto.randomUUID());
    const made = await session({ groups });
    expect(made.idToken.length).toBeGreaterThan(7_000);
    expect((await keeper.seal(made)).length).toBeLessThan((made.idToken.length * 2) / 3);
  });

  test.each([
    undefined,
    {},
    { id: 'x' },
    { id: 'x', issuerName: 'company', subject: 'ada', kind: 'id_token', startedAt: 1, endsAt: 2 },
  ])('that another release sealed in another form does not open: %#', async (value) => {
    const { keeper, sealer } = await setUp();
    const sealed = await sealer.seal('session', value ?? [], NOW + 60);
    expect(await keeper.open(sealed)).toMatchObject(MISSING);
  });

  test('cannot be forged', async () => {
    const { keeper } = await setUp();
    for (const text of ['', 'forged', 'a.b.c.d.e']) {
      expect(await keeper.open(text)).toMatchObject(MISSING);
    }
  });
});
