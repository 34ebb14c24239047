import { decode } from '@nats-io/jwt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../../src/login/session.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import {
  newRevocationId,
  revocationKey,
  revocationText,
} from '../../../src/revocation/revocation.ts';
import { eventually } from '../../support/eventually.ts';
import { answerOf, oauthError } from '../answers.ts';
import { CALLER, type OAuthWorld, REDIRECT_URI, startOAuthWorld, VERIFIER } from './oauth-world.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

interface HandedOver {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly scope: string;
}

let world: OAuthWorld;
let session: Session;
const { publicKey: nkey } = createKeyPair('user');

beforeAll(async () => {
  world = await startOAuthWorld();
  session = world.session();
});
afterAll(() => world[Symbol.asyncDispose]());

type Changes = Readonly<Record<string, string | undefined>>;

const token = (form: Changes) => world.post('/token', { client_id: 'nats-sts', ...form });

const redeemCode = (code: string, changes: Changes = {}) =>
  token({
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    ...changes,
  });

const refresh = (refresh_token: string, changes: Changes = {}) =>
  token({ grant_type: 'refresh_token', refresh_token, nkey, ...changes });

const newRefreshToken = (role = 'viewer') =>
  world.replica.refreshToken({ session: world.session(), role });

const poll = (device_code: string) => token({ grant_type: DEVICE_CODE, device_code });

async function ok(response: Response): Promise<HandedOver> {
  const body = await response.json();
  expect(body).not.toHaveProperty('error');
  return body as HandedOver;
}

async function beginDevice(changes: Changes = {}) {
  const form = { client_id: 'nats-sts', nkey, program: 'a device', ...changes };
  const response = await world.post('/device_authorization', form);
  return (await response.json()) as { device_code: string; user_code: string };
}

describe('grant_type=authorization_code (RFC 6749 §4.1.3)', () => {
  test('answers with a credential for the program’s own key, and a refresh token for the next', async () => {
    const code = await world.code(session, { userPublicKey: nkey, role: 'publisher' });
    const response = await redeemCode(code);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    const body = await ok(response);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'N_A',
      expires_in: 900,
      scope: 'publisher',
      account: world.service.trust.account('APP').key.publicKey,
      account_name: 'APP',
      servers: ['nats://127.0.0.1:4222'],
      refresh_token: expect.stringMatching(/^[\w.-]+$/),
      refresh_token_expires_in: expect.closeTo(3600, -2),
      identity: { issuer: world.service.issuer.issuer, subject: 'ada', name: 'Ada' },
    });
    expect(decode(body.access_token)).toMatchObject({
      sub: nkey,
      nats: { pub: { allow: ['orders.ada.>'] } },
    });
  });

  test('is recorded: agreed to, handed over, issued', async () => {
    const userPublicKey = createKeyPair('user').publicKey;
    await ok(await redeemCode(await world.code(session, { userPublicKey })));
    expect(world.service.audit({ user: userPublicKey })).toMatchObject([
      { type: 'login', step: 'handed-over', role: 'viewer', identity: { subject: 'ada' } },
      { type: 'issued', door: 'login', role: 'viewer', identity: { subject: 'ada' } },
    ]);
  });

  test('respects the requested lifetime', async () => {
    const code = await world.code(session, { ttlSeconds: 60 });
    expect(await ok(await redeemCode(code))).toMatchObject({ expires_in: 60 });
  });

  test('RFC 6749 §4.1.2: exactly one of twenty simultaneous requests gets a credential', async () => {
    const code = await world.code(session);
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeemCode(code)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 400)]);
  });

  test.each([
    ['RFC 7636 §4.6: another code_verifier', { code_verifier: 'w'.repeat(43) }],
    ['RFC 6749 §4.1.3: another redirect_uri', { redirect_uri: 'http://127.0.0.1:1/callback' }],
    ['a code that is none', { code: 'x'.repeat(43) }],
  ])('%s is invalid_grant', async (_, changes) => {
    const code = await world.code(session);
    expect(await answerOf(await redeemCode(code, changes))).toEqual(
      oauthError(400, 'invalid_grant'),
    );
  });

  test.each(['code', 'redirect_uri', 'code_verifier'])(
    'without %s it is invalid_request, and the code stays valid',
    async (name) => {
      const code = await world.code(session);
      const answer = await answerOf(await redeemCode(code, { [name]: undefined }));
      expect(answer).toEqual(oauthError(400, 'invalid_request'));
      await ok(await redeemCode(code));
    },
  );

  test('a role that the policy does not give is invalid_scope', async () => {
    const code = await world.code(session, { role: 'admin' });
    expect(await answerOf(await redeemCode(code))).toEqual(oauthError(400, 'invalid_scope'));
  });

  test('a person without a role gets access_denied', async () => {
    const stranger = world.session();
    const identity = { ...stranger.identity, subject: 'stranger' };
    const payload = { ...identity.claims, sub: 'stranger' };
    const idToken = stranger.idToken.replace(
      /\.[^.]*\./,
      `.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.`,
    );
    const code = await world.code({ ...stranger, identity, idToken });
    expect(await answerOf(await redeemCode(code))).toEqual(oauthError(400, 'access_denied'));
  });

  test('a session that has ended gets invalid_grant', async () => {
    const other = world.session();
    const code = await world.code(other);
    const refreshToken = await world.replica.refreshToken({ session: other, role: 'viewer' });
    await world.post('/revoke', { token: refreshToken, client_id: 'nats-sts' });
    expect(await answerOf(await redeemCode(code))).toEqual(oauthError(400, 'invalid_grant'));
  });
});

describe('the client of these grants (RFC 6749 §5.2)', () => {
  test.each(['authorization_code', DEVICE_CODE, 'refresh_token'])(
    'must be nats-sts for %s; any other is invalid_client, 401 with a challenge',
    async (grant_type) => {
      for (const client_id of [undefined, 'other']) {
        const response = await token({ grant_type, client_id });
        expect(response.headers.get('www-authenticate')).toBe('Basic realm="nats-sts"');
        expect(await answerOf(response)).toEqual(oauthError(401, 'invalid_client'));
      }
    },
  );

  test.each(['/device_authorization', '/revoke', '/introspect'])(
    'must be nats-sts at %s',
    async (path) => {
      const response = await world.post(path, { client_id: 'other', nkey, token: 'x' });
      expect(await answerOf(response)).toEqual(oauthError(401, 'invalid_client'));
    },
  );

  test('must not repeat a parameter', async () => {
    const twice = `client_id=nats-sts&nkey=${nkey}&program=a&program=b`;
    for (const path of ['/token', '/device_authorization']) {
      const response = await fetch(world.service.url + path, {
        method: 'POST',
        body: new URLSearchParams(`${twice}&grant_type=refresh_token`),
      });
      expect(await answerOf(response)).toEqual(oauthError(400, 'invalid_request'));
    }
  });
});

describe('a device (RFC 8628)', () => {
  test('§3.2: gets its codes, the page to enter them, their lifetime, and the polling interval', async () => {
    const response = await world.post('/device_authorization', {
      client_id: 'nats-sts',
      nkey,
      scope: 'viewer',
      ttl: '60',
      program: 'nats-sts on büro-7',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as { user_code: string };
    const page = `${world.service.url}/device`;
    expect(body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}\.[\w-]{43}$/),
      user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${body.user_code}`,
      expires_in: 600,
      interval: 5,
    });
    expect(await world.replica.findDevice(body.user_code, world.session(), CALLER)).toMatchObject({
      program: 'nats-sts on büro-7',
      userPublicKey: nkey,
      role: 'viewer',
      ttlSeconds: 60,
      address: '127.0.0.1',
    });
  });

  test.each([
    [{ nkey: undefined }, 'invalid_request'],
    [{ nkey: nkey.toLowerCase() }, 'invalid_request'],
    [{ ttl: '1h' }, 'invalid_request'],
    [{ program: 'x'.repeat(101) }, 'invalid_request'],
    [{ program: 'a\u0007b' }, 'invalid_request'],
    [{ scope: 'one two' }, 'invalid_scope'],
    [{ scope: '  ' }, 'invalid_scope'],
  ])('that sends %j gets %s', async (changes, error) => {
    const form = { client_id: 'nats-sts', nkey, ...changes };
    const response = await world.post('/device_authorization', form);
    expect(await answerOf(response)).toEqual(oauthError(400, error));
  });

  test('§3.5: gets authorization_pending, slow_down if it polls too fast, then the credential', async () => {
    const { device_code, user_code } = await beginDevice();
    expect(await answerOf(await poll(device_code))).toEqual(
      oauthError(400, 'authorization_pending'),
    );
    expect(await answerOf(await poll(device_code))).toEqual(oauthError(400, 'slow_down'));
    await world.replica.agreeDevice(user_code, { session, role: 'viewer' }, CALLER);
    const body = await ok(await poll(device_code));
    expect(body).toMatchObject({ scope: 'viewer', refresh_token: expect.any(String) });
    expect(decode(body.access_token)).toMatchObject({ sub: nkey });
    expect(await answerOf(await poll(device_code))).toEqual(oauthError(400, 'invalid_grant'));
  });

  test('§3.5: gets access_denied if the person refuses', async () => {
    const { device_code, user_code } = await beginDevice();
    await world.replica.refuseDevice(user_code, session, CALLER);
    expect(await answerOf(await poll(device_code))).toEqual(oauthError(400, 'access_denied'));
  });

  test('§3.5: gets expired_token if nobody agrees in time', async () => {
    const { device_code } = await beginDevice();
    const [name] = device_code.split('.');
    const [entry] = await world.state.list(`device.${name}`);
    const over = JSON.stringify({ ...JSON.parse(entry!.value), expiresAt: 1_795_000_000 });
    await world.state.write(entry!.key, over, entry!.revision);
    expect(await answerOf(await poll(device_code))).toEqual(oauthError(400, 'expired_token'));
  });

  test('learns that its code is missing, and nothing with the code of another', async () => {
    expect(await answerOf(await poll(''))).toEqual(oauthError(400, 'invalid_request'));
    expect(await answerOf(await poll('nonsense'))).toEqual(oauthError(400, 'invalid_grant'));
  });
});

describe('grant_type=refresh_token (RFC 6749 §6)', () => {
  test('gives a new credential, for any key, and the next token', async () => {
    const first = await newRefreshToken('publisher');
    const { publicKey } = createKeyPair('user');
    const changes = { nkey: publicKey, scope: 'publisher', ttl: '60' };
    const body = await ok(await refresh(first, changes));
    expect(body).toMatchObject({ scope: 'publisher', expires_in: 60 });
    expect(decode(body.access_token)).toMatchObject({ sub: publicKey });
    expect(body.refresh_token).not.toBe(first);
    expect(await ok(await refresh(body.refresh_token))).toMatchObject({ scope: 'publisher' });
  });

  test('rule: no scope beyond the approved one (RFC 6749 §6)', async () => {
    // `viewer` is their default, and `publisher` theirs as well: the policy alone would give both.
    for (const [agreed, other] of [
      ['publisher', 'viewer'],
      ['viewer', 'publisher'],
    ] as const) {
      const code = await world.code(session, { role: agreed });
      const { refresh_token } = await ok(await redeemCode(code));
      const refused = await refresh(refresh_token, { scope: other });
      expect(await answerOf(refused)).toEqual(oauthError(400, 'invalid_scope'));
      const next = await ok(await refresh(refresh_token));
      expect(next.scope).toBe(agreed);
      expect(await answerOf(await refresh(next.refresh_token, { scope: other }))).toEqual(
        oauthError(400, 'invalid_scope'),
      );
    }
  });

  test('RFC 9700 §4.14.2: a token used twice ends the session', async () => {
    const first = await newRefreshToken();
    const { refresh_token } = await ok(await refresh(first));
    for (const used of [first, refresh_token]) {
      expect(await answerOf(await refresh(used))).toEqual(oauthError(400, 'invalid_grant'));
    }
  });

  test('exactly one of twenty simultaneous requests gets a credential', async () => {
    const first = await newRefreshToken();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(first)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test.each([
    ['a role that is not theirs', { scope: 'admin' }, 'invalid_scope'],
    ['an nkey that is none', { nkey: 'UABC' }, 'invalid_request'],
    ['no nkey', { nkey: undefined }, 'invalid_request'],
    ['a ttl with a unit', { ttl: '1h' }, 'invalid_request'],
  ])('%s is refused, and the token stays unused', async (_, changes, error) => {
    const first = await newRefreshToken();
    expect(await answerOf(await refresh(first, changes))).toEqual(oauthError(400, error));
    await ok(await refresh(first));
  });

  test('an invalid token, or one for another purpose, is invalid_grant, and recorded', async () => {
    const before = world.service.audit({ reason: 'grant_invalid' }).length;
    expect(await answerOf(await refresh('nonsense'))).toEqual(oauthError(400, 'invalid_grant'));
    expect(world.service.audit({ reason: 'grant_invalid' })).toHaveLength(before + 1);
  });
});

describe('POST /introspect (RFC 7662)', () => {
  const introspect = async (refreshToken: string) =>
    (await world.post('/introspect', { token: refreshToken, client_id: 'nats-sts' })).json();

  test('§2.2: returns the owner of the token, its end, its role, and all roles of the owner', async () => {
    const own = world.session();
    const refreshToken = await world.replica.refreshToken({ session: own, role: 'publisher' });
    expect(await introspect(refreshToken)).toEqual({
      active: true,
      iss: world.service.issuer.issuer,
      sub: 'ada',
      exp: own.endsAt,
      iat: own.startedAt,
      client_id: 'nats-sts',
      username: 'Ada',
      scope: 'publisher',
      roles: [
        { role: 'viewer', account: 'APP', max_ttl: 3600 },
        { role: 'publisher', account: 'APP', max_ttl: 900 },
      ],
    });
    await ok(await refresh(refreshToken));
  });

  test('§2.2: says nothing about an invalid token', async () => {
    expect(await introspect('nonsense')).toEqual({ active: false });
  });

  test('requires a token', async () => {
    const response = await world.post('/introspect', { client_id: 'nats-sts' });
    expect(await answerOf(response)).toEqual(oauthError(400, 'invalid_request'));
  });
});

describe('POST /revoke (RFC 7009)', () => {
  const revoke = (refreshToken: string | undefined) =>
    world.post('/revoke', {
      token: refreshToken,
      client_id: 'nats-sts',
      token_type_hint: 'refresh_token',
    });

  test('§2.1: ends the session of the token and all its other tokens', async () => {
    const own = world.session();
    const handed = { session: own, role: 'viewer' };
    const [one, two] = [
      await world.replica.refreshToken(handed),
      await world.replica.refreshToken(handed),
    ];
    const response = await revoke(one);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({});
    expect(await answerOf(await refresh(two))).toEqual(oauthError(400, 'invalid_grant'));
    expect(world.service.audit().filter((event) => 'session' in event)).toContainEqual(
      expect.objectContaining({ step: 'signed-out', session: own.id }),
    );
  });

  test('§2.2: gives the same answer for an invalid token', async () => {
    expect((await revoke('nonsense')).status).toBe(200);
  });

  test('requires a token', async () => {
    expect(await answerOf(await revoke(undefined))).toEqual(oauthError(400, 'invalid_request'));
  });
});

test('after a revocation, every code and token of the person is invalid_grant', async () => {
  await using other = await startOAuthWorld();
  const refreshToken = await other.replica.refreshToken({
    session: other.session(),
    role: 'viewer',
  });
  const id = newRevocationId();
  const now = Math.floor(Date.now() / 1000);
  const revocation = {
    id,
    target: { issuer: 'dev', subject: 'ada' },
    reason: 'left',
    block: true,
    at: now,
    by: { issuerName: 'dev', subject: 'admin' },
    until: now + 86_400,
  };
  await other.state.write(revocationKey(id), revocationText(revocation), 0);
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, nkey };
  const answer = await eventually(async () => {
    const response = await other.post('/token', { ...form, client_id: 'nats-sts', scope: 'none' });
    const said = await answerOf(response);
    return (said.body as { error: string }).error !== 'invalid_scope' && said;
  });
  expect(answer).toEqual(oauthError(400, 'invalid_grant'));
});

test('codes and tokens appear in no audit record and no log line', async () => {
  const code = await world.code(session);
  const { refresh_token, access_token } = await ok(await redeemCode(code));
  const { device_code } = await beginDevice();
  await poll(device_code);
  await refresh(refresh_token);
  await refresh(refresh_token);
  const written = JSON.stringify(world.service.audit()) + world.service.log.text();
  for (const secret of [code, refresh_token, access_token, device_code, session.idToken]) {
    expect(written).not.toContain(secret);
    expect(written).not.toContain(secret.slice(-40));
  }
});
