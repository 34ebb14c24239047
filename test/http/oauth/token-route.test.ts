import { decode } from '@nats-io/jwt';
import { allowInsecureRequests, Configuration, genericGrantRequest, None } from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import {
  type FormPairs,
  JWT_TYPE,
  startServiceWorld,
  type ServiceWorld,
  TOKEN_EXCHANGE,
} from '../../support/service-world.ts';
import { answerOf, oauthError, problem } from '../answers.ts';

let world: ServiceWorld;
let token: string;
let actor: string;
let account: string;

beforeAll(async () => {
  world = await startServiceWorld({
    nats: false,
    accounts: { APP: {}, LAB: {} },
    configure: (tree) => {
      tree.nats.servers = ['nats://n1.test:4222', 'tls://n2.test'];
      tree.roles.viewer = { account: 'APP', subscribe: { allow: ['_INBOX.viewer.>'] } };
      tree.roles.scientist = { account: 'LAB', subscribe: { allow: ['lab.>'] } };
      tree.bindings[0].roles = ['publisher', 'viewer', 'scientist'];
      tree.bindings.push({
        name: 'the bot',
        issuer: 'dev',
        match: { sub: 'bot' },
        roles: ['viewer'],
      });
    },
  });
  token = await world.token();
  actor = await world.token({ sub: 'bot' });
  account = world.trust.account('LAB').key.publicKey;
});
afterAll(() => world[Symbol.asyncDispose]());

const least = () => ({
  grant_type: TOKEN_EXCHANGE,
  subject_token: token,
  subject_token_type: JWT_TYPE,
});

/** The least that a request must have, with something besides or instead; `undefined` leaves out. */
function ask(changes: Readonly<Record<string, string | undefined>> = {}): Promise<Response> {
  const pairs = Object.entries({ ...least(), ...changes });
  return world.tokenExchange(
    pairs.filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/** The least that a request must have, followed by these pairs. */
function askTwice(...more: readonly (readonly [string, string])[]): Promise<Response> {
  return world.tokenExchange([...Object.entries(least()), ...more]);
}

describe('a token exchange (RFC 8693)', () => {
  test('answers as §2.2.1 says: the user JWT as access_token of type N_A', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
      issued_token_type: JWT_TYPE,
      token_type: 'N_A',
      expires_in: 900,
      scope: 'publisher',
      seed: expect.stringMatching(/^SU/),
      account: world.trust.account('APP').key.publicKey,
      servers: ['nats://n1.test:4222', 'tls://n2.test'],
    });
  });

  test('answers with access_token, as a Bearer token, to clients that request only that', async () => {
    const type = 'urn:ietf:params:oauth:token-type:access_token';
    const body = (await (await ask({ requested_token_type: type })).json()) as object;
    expect(body).toMatchObject({
      access_token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
      issued_token_type: type,
      token_type: 'Bearer',
      seed: expect.stringMatching(/^SU/),
    });
  });

  test.each(['jwt', 'access_token'])('works with openid-client that requests %s', async (name) => {
    const requested_token_type = `urn:ietf:params:oauth:token-type:${name}`;
    const as = { issuer: world.url, token_endpoint: `${world.url}/token` };
    const client = new Configuration(as, 'any', undefined, None());
    allowInsecureRequests(client);
    const { grant_type, ...parameters } = least();
    const answer = await genericGrantRequest(client, grant_type, {
      ...parameters,
      requested_token_type,
    });
    expect(answer).toMatchObject({
      issued_token_type: requested_token_type,
      scope: 'publisher',
      expires_in: 900,
    });
  });

  test('says which inbox prefix the client must use, if the role has one', async () => {
    expect(await (await ask({ scope: 'viewer' })).json()).toMatchObject({
      inbox_prefix: '_INBOX.viewer',
    });
    expect(await (await ask()).json()).not.toHaveProperty('inbox_prefix');
  });

  test('says which limit made the lifetime shorter than requested', async () => {
    expect(await (await ask({ ttl: '86400' })).json()).toMatchObject({
      expires_in: 900,
      ttl_capped_by: 'role',
    });
    for (const ttl of ['900', '60', undefined]) {
      expect(await (await ask({ ttl })).json()).not.toHaveProperty('ttl_capped_by');
    }
  });

  test('accepts values with whitespace around them, as read from files', async () => {
    const nkey = `${createKeyPair('user').publicKey}\n`;
    const response = await ask({
      subject_token: `\uFEFF${token}\r\n`,
      subject_token_type: `${JWT_TYPE}\n`,
      actor_token: ` ${actor}\n`,
      actor_token_type: JWT_TYPE,
      ttl: ' 60 ',
      scope: ' viewer\n',
      nkey,
    });
    expect(await response.json()).toMatchObject({ scope: 'viewer', expires_in: 60 });
  });

  test('returns a whole .creds file if that type is requested', async () => {
    const type = 'urn:nats-sts:token-type:creds';
    const body = (await (await ask({ requested_token_type: type })).json()) as object;
    expect(body).toMatchObject({
      issued_token_type: type,
      access_token: expect.stringContaining('-----BEGIN USER NKEY SEED-----'),
    });
    expect(Object.keys(body)).not.toContain('seed');
  });

  test('uses scope as the role, ttl as the lifetime, and nkey as the caller’s own key', async () => {
    const nkey = createKeyPair('user').publicKey;
    const body = (await (await ask({ scope: ' viewer ', ttl: '60', nkey })).json()) as {
      access_token: string;
    };
    expect(body).toMatchObject({ scope: 'viewer', expires_in: 60 });
    expect(Object.keys(body)).not.toContain('seed');
    expect(decode(body.access_token)).toMatchObject({ sub: nkey });
  });

  test.each([
    ['audience', () => 'LAB'],
    ['audience', () => account],
    ['resource', () => 'urn:nats-sts:account:LAB'],
    ['resource', () => `urn:nats-sts:account:${account}`],
  ])('uses %s as the account', async (name, value) => {
    expect(await (await ask({ [name]: value() })).json()).toMatchObject({ scope: 'scientist' });
  });

  test('accepts one of its NATS servers as resource, and repeated audience and resource if they agree', async () => {
    const response = await askTwice(
      ['resource', 'tls://n2.test'],
      ['resource', 'nats://n1.test:4222'],
      ['resource', 'urn:nats-sts:account:LAB'],
      ['audience', 'LAB'],
      ['audience', account],
    );
    expect(await response.json()).toMatchObject({ scope: 'scientist' });
  });

  test.each(['id_token', 'access_token', 'jwt'])(
    'accepts the subject_token_type %s',
    async (type) => {
      const subject_token_type = `urn:ietf:params:oauth:token-type:${type}`;
      expect((await ask({ subject_token_type })).status).toBe(200);
    },
  );

  test('treats a parameter without a value as left out (RFC 6749 §3.2)', async () => {
    const empty = { scope: '', audience: '', resource: '', actor_token: '', ttl: '', nkey: '' };
    expect((await ask({ ...empty, requested_token_type: '', actor_token_type: '' })).status).toBe(
      200,
    );
  });

  test('ignores unknown parameters (RFC 6749 §3.2) and client authentication', async () => {
    const response = await world.tokenExchange(
      { ...least(), client_id: 'app', client_secret: 's', resources: 'x' },
      { authorization: 'Basic YXBwOnM=' },
    );
    expect(response.status).toBe(200);
  });

  test('accepts a form with a charset', async () => {
    const type = 'application/x-www-form-urlencoded; charset=UTF-8';
    expect((await world.tokenExchange(least(), { 'content-type': type })).status).toBe(200);
  });
});

describe('an error of the token endpoint (RFC 6749 §5.2, RFC 8693 §2.2.2)', () => {
  test.each(['grant_type', 'subject_token', 'subject_token_type'])(
    '%s missing or empty is invalid_request',
    async (name) => {
      for (const value of [undefined, '']) {
        expect(await answerOf(await ask({ [name]: value }))).toEqual(
          oauthError(400, 'invalid_request'),
        );
      }
    },
  );

  test.each([
    ['another grant_type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['an unknown subject_token_type', { subject_token_type: 'jwt' }, 'invalid_request'],
    [
      'a SAML subject token',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      'invalid_request',
    ],
    [
      'a refresh token asked for',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      'invalid_request',
    ],
    ['two roles in one scope', { scope: 'publisher viewer' }, 'invalid_scope'],
    ['a role that there is not', { scope: 'admin' }, 'invalid_scope'],
    ['an account that there is not', { audience: 'OTHER' }, 'invalid_target'],
    ['another service’s address', { resource: 'https://example.com' }, 'invalid_target'],
    ['a prefix of a server’s URL', { resource: 'tls://n2.tes' }, 'invalid_target'],
    ['the role of another account', { scope: 'viewer', audience: 'LAB' }, 'invalid_scope'],
    ['a ttl with a unit', { ttl: '15m' }, 'invalid_request'],
    ['a ttl of nothing', { ttl: '0' }, 'invalid_request'],
    ['an nkey that is none', { nkey: 'UABC' }, 'invalid_request'],
    ['a subject token that proves nothing', { subject_token: 'a.b.c' }, 'invalid_request'],
    ['an actor_token_type alone', { actor_token_type: JWT_TYPE }, 'invalid_request'],
    ['an actor_token without its type', { actor_token: 'a.b.c' }, 'invalid_request'],
    [
      'a .creds file for a key that the caller keeps',
      {
        requested_token_type: 'urn:nats-sts:token-type:creds',
        nkey: createKeyPair('user').publicKey,
      },
      'invalid_request',
    ],
  ])('%s: 400', async (_, changes, error) => {
    expect(await answerOf(await ask(changes))).toEqual(oauthError(400, error));
  });

  test('a subject token that the policy denies is invalid_request, 400, not 403', async () => {
    const subject_token = await world.token({ sub: 'nobody' });
    const response = await ask({ subject_token });
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await answerOf(response)).toEqual(oauthError(400, 'invalid_request'));
  });

  test.each(['grant_type', 'subject_token', 'scope', 'nkey', 'ttl', 'client_id'])(
    '%s twice is invalid_request (RFC 6749 §3.2)',
    async (name) => {
      const response = await askTwice([name, 'a'], [name, 'b']);
      expect(await answerOf(response)).toEqual(oauthError(400, 'invalid_request'));
    },
  );

  test('two accounts are invalid_target: a credential is for one', async () => {
    const response = await askTwice(['audience', 'APP'], ['resource', 'urn:nats-sts:account:LAB']);
    expect(await answerOf(response)).toEqual(oauthError(400, 'invalid_target'));
  });

  test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'form'])(
    'a body in %s is invalid_request, 415, and the message names the right type',
    async (type) => {
      const response = await world.tokenExchange(least(), { 'content-type': type });
      expect(response.headers.get('accept')).toBe('application/x-www-form-urlencoded');
      const answer = await answerOf(response);
      expect(answer).toEqual(oauthError(415, 'invalid_request'));
      expect(JSON.stringify(answer.body)).toContain('application/x-www-form-urlencoded');
    },
  );

  test('no body at all is invalid_request', async () => {
    const response = await fetch(`${world.url}/token`, { method: 'POST' });
    expect(await answerOf(response)).toEqual(oauthError(400, 'invalid_request'));
  });

  test('a body beyond the limit is invalid_request, 413', async () => {
    const response = await ask({ subject_token: 'x'.repeat(65_536) });
    expect(await answerOf(response)).toEqual(oauthError(413, 'invalid_request'));
  });

  test('a description never repeats what a stranger sent', async () => {
    const strange = '"<b>xyzzy\u0007é\\';
    const forms: FormPairs[] = [
      { ...least(), grant_type: strange },
      { ...least(), subject_token: strange },
      { ...least(), scope: strange },
      { ...least(), resource: strange },
      [
        [strange, '1'],
        [strange, '2'],
      ],
    ];
    for (const form of forms) {
      expect(await (await world.tokenExchange(form)).text()).not.toContain('xyzzy');
    }
  });

  test('another method is a 405 that names the right one', async () => {
    const response = await fetch(`${world.url}/token`);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await answerOf(response)).toEqual(
      problem(405, 'method_not_allowed', 'method_not_allowed'),
    );
  });
});

describe('delegation (RFC 8693 §1.1)', () => {
  const delegated = (changes: Record<string, string | undefined> = {}) =>
    ask({ actor_token: actor, actor_token_type: JWT_TYPE, ...changes });

  test('gives the first role that both may take, and the credential names both', async () => {
    const body = (await (await delegated()).json()) as { access_token: string; scope: string };
    expect(body.scope).toBe('viewer');
    expect(decode(body.access_token)).toMatchObject({
      name: 'orders',
      nats: {
        tags: [
          'sts-issuer:dev',
          'sts-subject:orders',
          'sts-role:viewer',
          'sts-actor-issuer:dev',
          'sts-actor-subject:bot',
        ],
      },
    });
  });

  test('is recorded with both identities', async () => {
    const body = (await (await delegated()).json()) as { access_token: string };
    const { sub: user } = decode(body.access_token);
    expect(world.audit({ user })).toMatchObject([
      {
        type: 'issued',
        identity: { subject: 'orders' },
        actor: { subject: 'bot' },
        role: 'viewer',
      },
    ]);
  });

  test('is refused when the actor has no binding for the role', async () => {
    expect(await answerOf(await delegated({ scope: 'publisher' }))).toEqual(
      oauthError(400, 'invalid_request'),
    );
    expect(world.audit({ reason: 'actor_not_allowed' })).toMatchObject([
      { type: 'denied', identity: { subject: 'orders' }, actor: { subject: 'bot' } },
    ]);
  });

  test('is refused when the subject has no binding, whatever the actor may take', async () => {
    const subject_token = await world.token({ sub: 'nobody' });
    expect(await answerOf(await delegated({ subject_token, scope: 'viewer' }))).toEqual(
      oauthError(400, 'invalid_request'),
    );
  });

  test('is refused without a subject token', async () => {
    expect(await answerOf(await delegated({ subject_token: undefined }))).toEqual(
      oauthError(400, 'invalid_request'),
    );
  });

  test('is refused when the actor’s token is invalid, and the record has its hash', async () => {
    const forged = `${actor.slice(0, -8)}AAAAAAAA`;
    expect(await answerOf(await delegated({ actor_token: forged }))).toEqual(
      oauthError(400, 'invalid_request'),
    );
    const [record] = world.audit({ reason: 'signature_invalid' });
    expect(record).toMatchObject({
      type: 'denied',
      door: 'token',
      actorTokenHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});
