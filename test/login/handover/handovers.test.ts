import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../../src/errors.ts';
import type {
  CodeAsk,
  DeviceCodes,
  HandedSession,
  HandoverAsk,
  Handovers,
} from '../../../src/login/handovers.ts';
import type { Session } from '../../../src/login/session.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import {
  newRevocationId,
  revocationKey,
  revocationText,
} from '../../../src/revocation/revocation.ts';
import { eventually } from '../../support/eventually.ts';
import { createHandoverWorld, type HandoverWorld, type StoreKind } from './handover-world.ts';

const CALLER = { requestId: 'request-1', address: '192.0.2.7' };
const VERIFIER = 'v'.repeat(43);
const REDIRECT_URI = 'http://127.0.0.1:49152/callback';
const userPublicKey = createKeyPair('user').publicKey;

const ask: HandoverAsk = {
  program: 'nats-sts on ada-laptop',
  userPublicKey,
  role: undefined,
  ttlSeconds: 600,
};
const codeAsk: CodeAsk & { role: string } = {
  ...ask,
  role: 'viewer',
  redirectUri: REDIRECT_URI,
  codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
};

/** The value of what must not be refused. */
function granted<T>(answer: T | Refusal): T {
  if (answer instanceof Refusal) throw new Error(`refused: ${answer.reason} ${answer.detail}`);
  return answer;
}

function reasonOf(answer: unknown): string | undefined {
  return answer instanceof Refusal ? answer.reason : undefined;
}

const KINDS: readonly StoreKind[] = ['SQLite', 'JetStream'];

describe.each(KINDS)('handovers in %s', (kind) => {
  let world: HandoverWorld;
  let one: Handovers;
  let two: Handovers;
  let session: Session;
  let handed: HandedSession;
  beforeEach(async () => {
    world = await createHandoverWorld(kind);
    ({ one, two } = world);
    session = world.session();
    handed = { session, role: 'viewer' };
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const redeem = (handovers: Handovers, code: string, changes = {}) =>
    handovers.redeemCode(
      { code, redirectUri: REDIRECT_URI, codeVerifier: VERIFIER, ...changes },
      CALLER,
    );
  const grant = async () => granted(await one.grantCode(codeAsk, session, CALLER));
  const begin = async () => granted(await one.beginDevice(ask, CALLER));
  const agree = ({ userCode }: DeviceCodes) => two.agreeDevice(userCode, handed, CALLER);
  const steps = () => world.told.map(({ step }) => step);

  describe('an authorization code', () => {
    test('hands over what was agreed to, on any replica', async () => {
      const code = await grant();
      const handover = granted(await redeem(two, code));
      expect(handover).toEqual({
        session: { ...session, id: expect.any(String), parent: session.id },
        userPublicKey,
        role: 'viewer',
        ttlSeconds: 600,
        program: 'nats-sts on ada-laptop',
      });
      expect(world.told).toMatchObject([
        { step: 'agreed', session: session.id, role: 'viewer', user: userPublicKey, ...CALLER },
        {
          step: 'handed-over',
          session: handover.session.id,
          parentSession: session.id,
          role: 'viewer',
          user: userPublicKey,
        },
      ]);
    });

    test('that the person refused is recorded', async () => {
      expect(await one.refuseCode(codeAsk, session, CALLER)).toBeUndefined();
      const { program } = ask;
      expect(world.told).toMatchObject([
        { step: 'refused', session: session.id, program, user: userPublicKey, ...CALLER },
      ]);
      const broken = new Refusal('audit_unavailable', 'The audit log cannot be written.');
      world.journalSays(broken);
      expect(await one.refuseCode(codeAsk, session, CALLER)).toBe(broken);
    });

    test.each([
      ['as it was', {}],
      ['with a wrong code_verifier', { codeVerifier: 'w'.repeat(43) }],
      ['with another redirect_uri', { redirectUri: 'http://127.0.0.1:1/callback' }],
    ])(
      'RFC 6749 §4.1.2: a code sent again (%s) gets nothing, and ends the session that it handed over',
      async (_, changes) => {
        const code = await grant();
        const handover = granted(await redeem(one, code));
        const kept = granted(await redeem(one, await grant()));
        const token = await one.refreshToken(handover);
        expect(reasonOf(await redeem(two, code, changes))).toBe('grant_invalid');
        expect(world.told.at(-1)).toMatchObject({
          step: 'failed',
          session: handover.session.id,
          parentSession: session.id,
          identity: session.identity,
          program: ask.program,
          role: 'viewer',
          user: userPublicKey,
          refusal: { reason: 'grant_invalid' },
        });
        expect(reasonOf(await two.redeemRefreshToken(token, CALLER))).toBe('session_missing');
        await eventually(async () => (await one.introspect(token)) instanceof Refusal);
        granted(await one.introspect(await one.refreshToken(kept)));
        expect(await world.keeper.open(await world.keeper.seal(session))).toEqual(session);
      },
    );

    test('that is sent again after the person signed out, or once more, is recorded with its session', async () => {
      const code = await grant();
      const { id } = granted(await redeem(one, code)).session;
      await world.keeper.end(session);
      for (let count = 0; count < 2; count += 1) {
        expect(reasonOf(await redeem(one, code))).toBe('grant_invalid');
        expect(world.told.at(-1)).toMatchObject({ step: 'failed', session: id });
      }
    });

    test('that was redeemed is remembered for as long as it would have been valid', async () => {
      const code = await grant();
      const handover = granted(await redeem(one, code));
      const [entry] = await world.state.list('code.');
      expect(entry!.value).not.toContain(session.idToken);
      world.clock.advance(60);
      expect(reasonOf(await redeem(one, code))).toBe('grant_invalid');
      granted(await one.introspect(await one.refreshToken(handover)));
    });

    test('is handed over to exactly one of twenty concurrent requests, on two replicas', async () => {
      const code = await grant();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, count) => redeem(count % 2 === 0 ? one : two, code)),
      );
      expect(answers.filter((answer) => !(answer instanceof Refusal))).toHaveLength(1);
      expect(new Set(answers.map(reasonOf))).toEqual(new Set([undefined, 'grant_invalid']));
      const handover = granted(answers.find((answer) => !(answer instanceof Refusal))!);
      const token = await one.refreshToken(handover);
      await eventually(async () => (await one.introspect(token)) instanceof Refusal);
    });

    test('RFC 7636 §4.6: a wrong code_verifier gets nothing, uses it up, and ends nothing', async () => {
      const code = await grant();
      const wrong = await redeem(one, code, { codeVerifier: 'w'.repeat(43) });
      expect(reasonOf(wrong)).toBe('grant_invalid');
      expect(reasonOf(await redeem(one, code))).toBe('grant_invalid');
      expect(await world.state.list('session-ended.')).toEqual([]);
      expect(await world.state.list('code.')).toEqual([]);
    });

    test('RFC 6749 §4.1.3: another redirect_uri gets nothing, and uses it up', async () => {
      const code = await grant();
      const redirectUri = 'http://127.0.0.1:49153/callback';
      expect(reasonOf(await redeem(one, code, { redirectUri }))).toBe('grant_invalid');
      expect(reasonOf(await redeem(one, code))).toBe('grant_invalid');
    });

    test('lives for a minute', async () => {
      const [early, late] = [await grant(), await grant()];
      world.clock.advance(59);
      granted(await redeem(one, early));
      world.clock.advance(1);
      expect(reasonOf(await redeem(one, late))).toBe('grant_invalid');
    });

    test('of a session that ended before the code was redeemed is not valid', async () => {
      const code = await grant();
      await world.keeper.end(session);
      expect(reasonOf(await redeem(one, code))).toBe('session_missing');
    });

    test('is stored only as its hash, with the session sealed', async () => {
      const code = await grant();
      const [entry] = await world.state.list('code.');
      expect(entry!.key).toBe(`code.${createHash('sha256').update(code).digest('base64url')}`);
      expect(entry!.value).not.toContain(code);
      expect(entry!.value).not.toContain(session.idToken);
    });

    test('is not created or redeemed while that cannot be recorded', async () => {
      const code = await grant();
      world.journalSays(new Refusal('audit_unavailable', 'The audit log cannot be written.'));
      expect(reasonOf(await one.grantCode(codeAsk, session, CALLER))).toBe('audit_unavailable');
      expect(await world.state.list('code.')).toHaveLength(1);
      expect(reasonOf(await redeem(one, code))).toBe('audit_unavailable');
    });
  });

  describe('a code whose answer says to try again', () => {
    const busy = new Refusal('signing_key_unavailable', 'Not now.', { retryAfterSeconds: 30 });
    const denied = new Refusal('no_binding', 'No.');

    test('stays valid on any replica, and sending it again afterwards ends its session', async () => {
      const code = await grant();
      const sent = { code, redirectUri: REDIRECT_URI, codeVerifier: VERIFIER };
      const later = async () => busy;
      expect(await one.redeemCode(sent, CALLER, later)).toBe(busy);
      await expect(
        one.redeemCode(sent, CALLER, () => Promise.reject(new Error('a bug'))),
      ).rejects.toThrow('a bug');
      const handover = granted(await two.redeemCode(sent, CALLER));
      const token = await one.refreshToken(handover);
      expect(reasonOf(await one.redeemCode(sent, CALLER))).toBe('grant_invalid');
      await eventually(async () => (await two.introspect(token)) instanceof Refusal);
    });

    test('is used up by a plain no', async () => {
      const sent = { code: await grant(), redirectUri: REDIRECT_URI, codeVerifier: VERIFIER };
      expect(await one.redeemCode(sent, CALLER, async () => denied)).toBe(denied);
      expect(reasonOf(await two.redeemCode(sent, CALLER))).toBe('grant_invalid');
    });

    test('stays valid while it cannot be recorded', async () => {
      const code = await grant();
      world.journalSays(new Refusal('audit_unavailable', 'The audit log cannot be written.'));
      expect(reasonOf(await redeem(one, code))).toBe('audit_unavailable');
      world.journalSays(undefined);
      granted(await redeem(two, code));
    });

    test('stays valid on a device', async () => {
      const codes = await begin();
      await agree(codes);
      expect(await one.redeemDevice(codes.deviceCode, CALLER, async () => busy)).toBe(busy);
      granted(await two.redeemDevice(codes.deviceCode, CALLER));
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe('grant_invalid');
    });

    test('of a page: agreeing twice is not an error for the person who agreed', async () => {
      const codes = await begin();
      expect(await agree(codes)).toBeUndefined();
      expect(await agree(codes)).toBeUndefined();
      const another = { session: world.session(), role: 'viewer' };
      expect(reasonOf(await one.agreeDevice(codes.userCode, another, CALLER))).toBe(
        'user_code_unknown',
      );
      granted(await one.redeemDevice(codes.deviceCode, CALLER));
    });
  });

  describe('a device (RFC 8628)', () => {
    test('waits, is found by what a person types, agreed to, and gets what was agreed', async () => {
      const codes = await begin();
      expect(codes).toMatchObject({ expiresInSeconds: 600, intervalSeconds: 5 });
      const typed = ` ${codes.userCode.toLowerCase().replace('-', ' ')} `;
      expect(await two.findDevice(typed, session, CALLER)).toEqual({
        ...ask,
        userCode: codes.userCode,
        address: CALLER.address,
        begunAt: world.clock.now() / 1000,
      });
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe(
        'authorization_pending',
      );
      expect(await agree(codes)).toBeUndefined();
      const handover = granted(await one.redeemDevice(codes.deviceCode, CALLER));
      expect(handover).toEqual({
        session: { ...session, id: expect.any(String), parent: session.id },
        userPublicKey,
        role: 'viewer',
        ttlSeconds: 600,
        program: ask.program,
      });
      expect(world.told).toMatchObject([
        { step: 'device-begun', program: ask.program, user: userPublicKey, ...CALLER },
        { step: 'agreed', session: session.id, role: 'viewer', user: userPublicKey },
        { step: 'handed-over', session: handover.session.id, role: 'viewer', user: userPublicKey },
      ]);
    });

    test.each(['BBBB-BBBB', 'no code at all'])(
      'is not found by a wrong code (%s), and the guess is recorded',
      async (typed) => {
        await begin();
        const found = await one.findDevice(typed, session, CALLER);
        expect(reasonOf(found)).toBe('user_code_unknown');
        expect(world.told.slice(1)).toMatchObject([
          { step: 'failed', session: session.id, identity: session.identity, ...CALLER },
        ]);
        const broken = new Refusal('audit_unavailable', 'The audit log cannot be written.');
        world.journalSays(broken);
        expect(await one.findDevice(typed, session, CALLER)).toBe(broken);
      },
    );

    test('gets nothing if the person signs out after agreeing and before its next poll', async () => {
      const codes = await begin();
      await agree(codes);
      await world.keeper.end(session);
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe('session_missing');
    });

    test('RFC 8628 §3.5: one that polls too soon gets slow_down, and from then on waits five seconds longer', async () => {
      const { deviceCode } = await begin();
      const poll = async (afterSeconds: number) => {
        world.clock.advance(afterSeconds);
        return reasonOf(await one.redeemDevice(deviceCode, CALLER));
      };
      expect(await poll(0)).toBe('authorization_pending');
      expect(await poll(4)).toBe('slow_down');
      expect(await poll(9)).toBe('slow_down');
      expect(await poll(15)).toBe('authorization_pending');
      expect(await poll(14)).toBe('slow_down');
      expect(await poll(20)).toBe('authorization_pending');
    });

    test('RFC 8628 §3.5: one whose person refused learns so, once', async () => {
      const codes = await begin();
      expect(await two.refuseDevice(codes.userCode, session, CALLER)).toBeUndefined();
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe('handover_refused');
      expect(reasonOf(await agree(codes))).toBe('user_code_unknown');
      expect(steps()).toEqual(['device-begun', 'refused']);
    });

    test('RFC 8628 §3.5: one that nobody agreed to in ten minutes learns that it expired', async () => {
      const codes = await begin();
      world.clock.advance(600);
      const found = await one.findDevice(codes.userCode, session, CALLER);
      expect(reasonOf(found)).toBe('user_code_unknown');
      expect(reasonOf(await agree(codes))).toBe('user_code_unknown');
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe(
        'device_code_expired',
      );
    });

    test('that was agreed to but did not poll in time gets nothing', async () => {
      const codes = await begin();
      await agree(codes);
      world.clock.advance(600);
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe(
        'device_code_expired',
      );
    });

    test('gets the credential once, although twenty poll at once on two replicas', async () => {
      const codes = await begin();
      await agree(codes);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, count) =>
          (count % 2 === 0 ? one : two).redeemDevice(codes.deviceCode, CALLER),
        ),
      );
      expect(answers.filter((answer) => !(answer instanceof Refusal))).toHaveLength(1);
      expect(new Set(answers.map(reasonOf))).toEqual(new Set([undefined, 'grant_invalid']));
    });

    test('is agreed to by one of two who do it at once', async () => {
      const codes = await begin();
      const other = { session: world.session(), role: 'operator' };
      const answers = await Promise.all([
        one.agreeDevice(codes.userCode, handed, CALLER),
        two.agreeDevice(codes.userCode, other, CALLER),
      ]);
      expect(answers.map(reasonOf)).toContain('user_code_unknown');
      expect(answers).toContain(undefined);
      const handover = granted(await one.redeemDevice(codes.deviceCode, CALLER));
      expect(handover.role).toBe(answers[0] === undefined ? handed.role : other.role);
    });

    test('is not spoken for by a device code with another secret, which does it no harm', async () => {
      const codes = await begin();
      await agree(codes);
      const [name] = codes.deviceCode.split('.');
      for (const forged of [`${name}.${'A'.repeat(43)}`, `${name}.`, name!, '', codes.userCode]) {
        expect(reasonOf(await one.redeemDevice(forged, CALLER))).toBe('grant_invalid');
      }
      granted(await one.redeemDevice(codes.deviceCode, CALLER));
    });

    test('is known to the store by hashes only, and the session sealed', async () => {
      const codes = await begin();
      await agree(codes);
      const [entry] = await world.state.list('device.');
      const text = JSON.stringify(entry);
      expect(text).not.toContain(codes.userCode.replace('-', ''));
      expect(text).not.toContain(codes.deviceCode.split('.')[1]);
      expect(text).not.toContain(session.idToken);
    });

    test('is not begun, agreed to or refused while that cannot be recorded', async () => {
      const codes = await begin();
      world.journalSays(new Refusal('audit_unavailable', 'The audit log cannot be written.'));
      expect(reasonOf(await one.beginDevice(ask, CALLER))).toBe('audit_unavailable');
      expect(reasonOf(await agree(codes))).toBe('audit_unavailable');
      expect(reasonOf(await one.refuseDevice(codes.userCode, session, CALLER))).toBe(
        'audit_unavailable',
      );
      expect(reasonOf(await one.redeemDevice(codes.deviceCode, CALLER))).toBe(
        'authorization_pending',
      );
    });
  });

  describe('what was handed over and the browser', () => {
    const handOver = async (way: 'code' | 'device') => {
      if (way === 'code') return granted(await redeem(one, await grant()));
      const codes = await begin();
      await agree(codes);
      return granted(await one.redeemDevice(codes.deviceCode, CALLER));
    };

    const WAYS = ['code', 'device'] as const;

    test.each(WAYS)(
      'are apart where the program signs out: nothing else ends (%s)',
      async (way) => {
        const [first, second] = [await handOver(way), await handOver(way)];
        const [ended, kept] = [await one.refreshToken(first), await one.refreshToken(second)];
        await one.revoke(ended, CALLER);
        expect(reasonOf(await one.introspect(ended))).toBe('session_missing');
        expect(await one.introspect(kept)).toEqual({ session: second.session, role: 'viewer' });
        expect(await world.keeper.open(await world.keeper.seal(session))).toEqual(session);
      },
    );

    test.each(WAYS)(
      'rule: signed out is signed out: who signs out in the browser ends all of its programs, also after they renewed (%s)',
      async (way) => {
        const [first, second] = [await handOver(way), await handOver(way)];
        const renewed = granted(
          await one.redeemRefreshToken(await one.refreshToken(first), CALLER),
        );
        const tokens = [await one.refreshToken(renewed), await one.refreshToken(second)];
        const other = await one.refreshToken({ session: world.session(), role: 'viewer' });
        await world.keeper.end(session);
        await eventually(async () => (await two.introspect(tokens[0]!)) instanceof Refusal);
        for (const token of tokens) {
          expect(reasonOf(await one.redeemRefreshToken(token, CALLER))).toBe('session_missing');
          expect(reasonOf(await two.redeemRefreshToken(token, CALLER))).toBe('session_missing');
        }
        granted(await two.redeemRefreshToken(other, CALLER));
      },
    );

    test('are joined on the record, at every step of the program', async () => {
      const { session: own } = await handOver('code');
      const token = await one.refreshToken({ session: own, role: 'viewer' });
      granted(await one.redeemRefreshToken(token, CALLER));
      await one.revoke(await one.refreshToken({ session: own, role: 'viewer' }), CALLER);
      const both = { session: own.id, parentSession: session.id };
      expect(world.told).toMatchObject([
        { step: 'agreed', session: session.id },
        { step: 'handed-over', ...both },
        { step: 'renewed', ...both },
        { step: 'signed-out', ...both },
      ]);
      expect(world.told[0]).not.toHaveProperty('parentSession');
    });
  });

  describe('a refresh token (RFC 6749 §6)', () => {
    test('gives the session and its role once, and the next token after that', async () => {
      const first = await one.refreshToken(handed);
      expect(await two.redeemRefreshToken(first, CALLER)).toEqual(handed);
      const second = await two.refreshToken(handed);
      expect(await one.redeemRefreshToken(second, CALLER)).toEqual(handed);
      expect(world.told).toMatchObject([
        { step: 'renewed', session: session.id, role: 'viewer' },
        { step: 'renewed', session: session.id, role: 'viewer' },
      ]);
    });

    test('RFC 9700 §4.14.2: one that comes again ends the session, with all its tokens', async () => {
      const first = await one.refreshToken(handed);
      granted(await one.redeemRefreshToken(first, CALLER));
      const second = await one.refreshToken(handed);
      expect(reasonOf(await two.redeemRefreshToken(first, CALLER))).toBe('grant_invalid');
      expect(world.told.at(-1)).toMatchObject({
        step: 'failed',
        session: session.id,
        refusal: { reason: 'grant_invalid' },
      });
      expect(reasonOf(await two.redeemRefreshToken(second, CALLER))).toBe('session_missing');
      await eventually(async () => (await one.introspect(second)) instanceof Refusal);
    });

    test('gives the session to one of twenty that come at once', async () => {
      const token = await one.refreshToken(handed);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, count) =>
          (count % 2 === 0 ? one : two).redeemRefreshToken(token, CALLER),
        ),
      );
      expect(answers.filter((answer) => !(answer instanceof Refusal))).toHaveLength(1);
    });

    test('rule: recorded before it takes effect: it is not used up while that cannot be recorded', async () => {
      const token = await one.refreshToken(handed);
      world.journalSays(new Refusal('audit_unavailable', 'The audit log cannot be written.'));
      expect(reasonOf(await one.redeemRefreshToken(token, CALLER))).toBe('audit_unavailable');
      world.journalSays(undefined);
      expect(await two.redeemRefreshToken(token, CALLER)).toEqual(handed);
    });

    test('RFC 7662: is looked at without being used', async () => {
      const token = await one.refreshToken(handed);
      expect(await two.introspect(token)).toEqual(handed);
      expect(await one.introspect(token)).toEqual(handed);
      granted(await one.redeemRefreshToken(token, CALLER));
    });

    test('RFC 7009: revoked, it ends the session, and so is recorded', async () => {
      const token = await one.refreshToken(handed);
      expect(await one.revoke(token, CALLER)).toBeUndefined();
      expect(reasonOf(await one.introspect(token))).toBe('session_missing');
      await eventually(async () => (await two.introspect(token)) instanceof Refusal);
      expect(world.told).toMatchObject([{ step: 'signed-out', session: session.id }]);
    });

    test('RFC 7009 §2.2: revoking an invalid or expired token is not an error', async () => {
      const token = await one.refreshToken(handed);
      expect(await one.revoke('nonsense', CALLER)).toBeUndefined();
      await one.revoke(token, CALLER);
      expect(await one.revoke(token, CALLER)).toBeUndefined();
      expect(steps()).toEqual(['signed-out']);
    });

    test('is not revoked while that cannot be recorded', async () => {
      const token = await one.refreshToken(handed);
      world.journalSays(new Refusal('audit_unavailable', 'The audit log cannot be written.'));
      expect(reasonOf(await one.revoke(token, CALLER))).toBe('audit_unavailable');
      expect(await one.introspect(token)).toEqual(handed);
    });

    test('ends with its session', async () => {
      const token = await one.refreshToken(handed);
      world.clock.advance(3600);
      expect(reasonOf(await one.redeemRefreshToken(token, CALLER))).toBe('grant_invalid');
    });

    test('of a form that says no role is none', async () => {
      const content = { jti: 'one', session: await world.keeper.seal(session) };
      const token = await world.sealer.seal('refresh', content, session.endsAt);
      expect(reasonOf(await one.redeemRefreshToken(token, CALLER))).toBe('grant_invalid');
    });

    test('is not a session: one does not open as the other', async () => {
      const sealed = await world.keeper.seal(session);
      expect(reasonOf(await one.redeemRefreshToken(sealed, CALLER))).toBe('grant_invalid');
      expect(reasonOf(await world.keeper.open(await one.refreshToken(handed)))).toBe(
        'session_missing',
      );
    });

    test('of a revoked identity is refused like its tokens', async () => {
      const token = await one.refreshToken(handed);
      const id = newRevocationId();
      const at = world.clock.now() / 1000;
      const revocation = {
        id,
        target: { issuer: 'dev', subject: 'ada' },
        reason: 'left',
        block: false,
        at,
        by: { issuerName: 'dev', subject: 'admin' },
        until: at + 86_400,
      };
      await world.state.write(revocationKey(id), revocationText(revocation), 0);
      await eventually(async () => reasonOf(await one.introspect(token)) === 'token_revoked');
      expect(reasonOf(await one.redeemRefreshToken(token, CALLER))).toBe('token_revoked');
    });
  });
});
