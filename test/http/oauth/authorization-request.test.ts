import { describe, expect, test } from 'vitest';
import {
  authorizationAnswer,
  parseAuthorizationRequest,
} from '../../../src/http/oauth/authorization-request.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';

const nkey = createKeyPair('user').publicKey;
const PUBLIC_URL = 'https://sts.example.com';
const REDIRECT_URI = 'http://127.0.0.1:49152/callback';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const least = {
  response_type: 'code',
  client_id: 'nats-sts',
  redirect_uri: REDIRECT_URI,
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  state: 'a state',
  nkey,
};

/** The least that a request must have, with something besides or instead; `undefined` leaves out. */
function parse(changes: Record<string, unknown> = {}) {
  return parseAuthorizationRequest({ ...least, ...changes }, PUBLIC_URL);
}

/** What the program is told, by a redirect to where it listens. */
function told(changes: Record<string, unknown>): Record<string, string> {
  const request = parse(changes);
  if (request.kind !== 'redirect') throw new Error(`no redirect but ${request.kind}`);
  expect(request.url.startsWith(`${REDIRECT_URI}?`)).toBe(true);
  return Object.fromEntries(new URL(request.url).searchParams);
}

describe('an authorization request (RFC 6749 §4.1.1)', () => {
  test('is read with all its parameters', () => {
    expect(parse({ scope: ' viewer ', ttl: '600', program: 'nats-sts on büro-7' })).toEqual({
      kind: 'ask',
      state: 'a state',
      ask: {
        redirectUri: REDIRECT_URI,
        codeChallenge: CHALLENGE,
        userPublicKey: nkey,
        role: 'viewer',
        ttlSeconds: 600,
        program: 'nats-sts on büro-7',
      },
    });
  });

  test('needs no role, lifetime, or program, and may have unknown parameters', () => {
    const request = parse({ scope: '', ttl: '', program: ' ', prompt: 'consent' });
    expect(request).toMatchObject({
      kind: 'ask',
      ask: { role: undefined, ttlSeconds: undefined, program: 'unnamed program' },
    });
  });

  test.each(['http://127.0.0.1:1/callback', 'http://[::1]:65535/callback'])(
    'may be answered at %s (RFC 8252 §7.3)',
    (redirect_uri) => {
      expect(parse({ redirect_uri })).toMatchObject({ ask: { redirectUri: redirect_uri } });
    },
  );
});

describe('a request that may come from anywhere is never redirected (RFC 6749 §4.1.2.1)', () => {
  test.each([
    'https://evil.example/callback',
    'http://127.0.0.1:8080/callback/',
    'http://127.0.0.1:8080/callback?next=x',
    'http://127.0.0.1:8080/callback#x',
    'http://127.0.0.1:8080/other',
    'http://127.0.0.1:8080/x/../callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:08080/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:8080@evil.example/callback',
    'http://user@127.0.0.1:8080/callback',
    'http://127.0.0.1.evil.example:8080/callback',
    'http://127.1:8080/callback',
    'http://localhost:8080/callback',
    'http://[::ffff:127.0.0.1]:8080/callback',
    'https://127.0.0.1:8080/callback',
    'HTTP://127.0.0.1:8080/callback',
    'http://127.0.0.1:8080/callback\n',
    'javascript:alert(1)',
    undefined,
    [REDIRECT_URI, REDIRECT_URI],
  ])('with redirect_uri %j', (redirect_uri) => {
    expect(parse({ redirect_uri })).toMatchObject({
      kind: 'page',
      refusal: { reason: 'redirect_uri_invalid' },
    });
  });

  test.each([undefined, '', 'other', 'NATS-STS', ['nats-sts', 'nats-sts']])(
    'with client_id %j',
    (client_id) => {
      expect(parse({ client_id })).toMatchObject({
        kind: 'page',
        refusal: { reason: 'client_unknown' },
      });
    },
  );

  test.each([
    [undefined, 'parameter_missing'],
    [nkey.toLowerCase(), 'nkey_invalid'],
    [createKeyPair('account').publicKey, 'nkey_invalid'],
    [`${nkey.slice(0, -1)}${nkey.endsWith('A') ? 'B' : 'A'}`, 'nkey_invalid'],
  ])('with nkey %j', (value, reason) => {
    expect(parse({ nkey: value })).toMatchObject({ kind: 'page', refusal: { reason } });
  });
});

describe('other mistakes are reported to the program (RFC 6749 §4.1.2.1)', () => {
  test.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: undefined }, 'invalid_request'],
    [{ scope: 'one two' }, 'invalid_scope'],
    [{ scope: 'x'.repeat(129) }, 'invalid_scope'],
    [{ ttl: '15m' }, 'invalid_request'],
    [{ ttl: '0' }, 'invalid_request'],
    [{ program: 'x'.repeat(101) }, 'invalid_request'],
    [{ program: 'nats\u0000' }, 'invalid_request'],
    [{ program: 'two\nlines' }, 'invalid_request'],
    [{ program: 'turned \u202Eround' }, 'invalid_request'],
    [{ scope: ['viewer', 'viewer'] }, 'invalid_request'],
    [{ resource: ['a', 'b'] }, 'invalid_request'],
  ])('%j', (changes, error) => {
    expect(told(changes)).toEqual({
      error,
      error_description: expect.stringMatching(/\.$/),
      state: 'a state',
      iss: PUBLIC_URL,
    });
  });

  test('RFC 7636 §4.4.1: a request without code_challenge is refused', () => {
    expect(told({ code_challenge: undefined })).toMatchObject({ error: 'invalid_request' });
  });

  test.each([undefined, 'plain', 's256'])(
    'RFC 7636 §4.3: code_challenge_method %j is refused, because it is not S256',
    (code_challenge_method) => {
      expect(told({ code_challenge_method })).toMatchObject({ error: 'invalid_request' });
    },
  );

  test.each(['x', `${CHALLENGE}A`, `${CHALLENGE.slice(1)}=`, `${CHALLENGE.slice(1)}+`])(
    'RFC 7636 §4.2: code_challenge %j is refused, because it is not a SHA-256 hash in base64url',
    (code_challenge) => {
      expect(told({ code_challenge })).toMatchObject({ error: 'invalid_request' });
    },
  );

  test.each([undefined, 'x'.repeat(257), 'two\nlines', 'ä', ['a', 'a']])(
    'a state of %j is refused and not repeated',
    (state) => {
      expect(Object.keys(told({ state }))).toEqual(['error', 'error_description', 'iss']);
    },
  );
});

describe('an answer to an authorization request', () => {
  test('contains the code, the unchanged state, and iss (RFC 9207)', () => {
    const state = 'x&code=evil#%20 +';
    const answer = authorizationAnswer(REDIRECT_URI, { code: 'abc', state, iss: PUBLIC_URL });
    const url = new URL(answer);
    expect([...url.searchParams]).toEqual([
      ['code', 'abc'],
      ['state', state],
      ['iss', PUBLIC_URL],
    ]);
    expect(url.hash).toBe('');
  });
});
