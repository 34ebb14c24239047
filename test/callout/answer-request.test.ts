import { expect, test } from 'vitest';
import { type AnswerParts, answerRequest } from '../../src/callout/answer-request.ts';
import { SeenUsers } from '../../src/callout/seen-users.ts';
import { Refusal } from '../../src/errors.ts';
import type { ExchangeRequest } from '../../src/exchange-request.ts';
import { createCurveKeyPair } from '../../src/nats/curve-key-pair.ts';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { type RequestBody, requestJwt, type RequestOptions } from '../nats/callout/requests.ts';

const NOW = 1_800_000_000;
const account = createKeyPair('account');
const server = createKeyPair('server');
const xkey = createCurveKeyPair();
const serverXkey = createCurveKeyPair();
const DENIED = new Refusal('no_binding', 'No.');

/** The door's part alone: what comes behind it answers as the test says. */
function door(more: Partial<AnswerParts> = {}) {
  const refused: string[] = [];
  const exchanged: ExchangeRequest[] = [];
  const faults: unknown[] = [];
  const parts: AnswerParts = {
    exchange: async (request) => {
      exchanged.push(request);
      return DENIED;
    },
    limits: { address: () => undefined, identity: () => undefined },
    refuse: async (_, refusal) => {
      refused.push(refusal.reason);
      return refusal;
    },
    askedOf: account.publicKey,
    isServer: (id) => id === server.publicKey,
    signer: () => account,
    xkeys: [],
    userName: () => 'role',
    seen: new SeenUsers(),
    clock: { now: () => NOW * 1000 },
    monotonic: () => 0,
    unsealed: () => {},
    onFault: (_, fault) => faults.push(fault),
    ...more,
  };
  const ask = async (text: string, sealed = false) => {
    const data = sealed ? serverXkey.seal(Buffer.from(text), xkey.publicKey) : Buffer.from(text);
    const sealedBy = sealed ? serverXkey.publicKey : undefined;
    const answer = await answerRequest(parts, { data, sealedBy, dueAt: 1000 });
    return answer;
  };
  return { ask, refused, exchanged, faults };
}

function request(options: RequestOptions = {}): string {
  return requestJwt(NOW, {
    server,
    ...options,
    claims: { sub: account.publicKey, ...options.claims },
  });
}

function errorIn(answer: Buffer): unknown {
  const claims = decodeJwt(answer.toString());
  return claims instanceof Malformed ? claims.problem : claims.nats['error'];
}

test('an answer names the user and the server of the request, and its error a code and the request', async () => {
  const { ask, exchanged } = door();
  const answer = await ask(request());
  const claims = decodeJwt(answer.toString());
  expect(claims).toMatchObject({ iss: account.publicKey, aud: server.publicKey });
  const [passed] = exchanged;
  expect(claims).toMatchObject({ sub: passed?.userPublicKey });
  expect(errorIn(answer)).toBe(`no_binding ${passed?.requestId}`);
});

test('a sealed request gets a sealed answer', async () => {
  const { ask } = door({ xkeys: [createCurveKeyPair(), xkey] });
  const body = (nats: RequestBody) => (nats['server_id'].xkey = serverXkey.publicKey);
  const answer = await ask(request({ edit: body }), true);
  const opened = serverXkey.open(answer, xkey.publicKey);
  expect(errorIn(opened ?? Buffer.from(''))).toMatch(/^no_binding /);
});

test.each<[string, string, Partial<AnswerParts>, string]>([
  [
    'signed by a server that is not ours',
    requestJwt(NOW, { claims: { sub: account.publicKey } }),
    {},
    'callout_server_unknown',
  ],
  ['for a different account', requestJwt(NOW, { server }), {}, 'callout_request_invalid'],
  ['that is no JWT', 'x', {}, 'callout_request_invalid'],
  [
    'that has expired',
    request({ claims: { iat: NOW - 100, exp: NOW - 98 } }),
    {},
    'callout_request_invalid',
  ],
  [
    'without a token',
    request({ edit: (body) => (body['connect_opts'] = {}) }),
    {},
    'token_missing',
  ],
  ['while no key signs', request(), { signer: () => undefined }, 'signing_key_unavailable'],
  [
    'from a network that comes too often',
    request(),
    { limits: { address: () => new Refusal('too_many_requests', ''), identity: () => undefined } },
    'too_many_requests',
  ],
])('a request %s is refused, recorded and answered', async (_, text, more, reason) => {
  const { ask, refused, exchanged } = door(more);
  const answer = await ask(text);
  expect(answer.length).toBeGreaterThan(0);
  expect(refused).toEqual([reason]);
  expect(exchanged).toEqual([]);
});

test('a sealed request that no key of ours opens is refused', async () => {
  const { ask, refused } = door({ xkeys: [createCurveKeyPair()] });
  expect((await ask(request(), true)).toString()).toMatch(/^callout_unreadable /);
  expect(refused).toEqual(['callout_unreadable']);
});

test('a copy of a request is refused, although a server repeats the jti of its requests', async () => {
  const { ask, refused, exchanged } = door();
  const text = request();
  await ask(text);
  expect(errorIn(await ask(text))).toMatch(/^callout_replayed /);
  await ask(request());
  expect(refused).toEqual(['callout_replayed']);
  expect(exchanged).toHaveLength(2);
});

test('a fault is answered, too, and reported', async () => {
  const { ask, faults } = door({ exchange: () => Promise.reject(new Error('broken')) });
  expect((await ask(request())).toString()).toMatch(/^fault /);
  expect(faults).toHaveLength(1);
});

test('an exchange that takes too long is answered at the deadline', async () => {
  const never = Promise.withResolvers<Refusal>();
  const { ask } = door({ exchange: () => never.promise, monotonic: () => 1000 });
  expect(errorIn(await ask(request()))).toMatch(/^answer_too_late /);
});
