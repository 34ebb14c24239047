import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  JWT_TYPE,
  startServiceWorld,
  type ServiceWorld,
  TOKEN_EXCHANGE,
} from '../support/service-world.ts';

/** Whatever a stranger sends gets an answer below 500, in the form of the door. */

let world: ServiceWorld;
let token: string;

beforeAll(async () => {
  world = await startServiceWorld({ nats: false });
  token = await world.token();
  await world.credential(token);
});
afterAll(() => world[Symbol.asyncDispose]());

interface Seen {
  readonly status: number;
  readonly type: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

async function seen(response: Response): Promise<Seen> {
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Seen['body'],
  };
}

function fitsExchange({ status, type, body }: Seen): boolean {
  if (status === 200) return typeof body['jwt'] === 'string';
  const form = type === 'application/problem+json' && body['status'] === status;
  return form && status >= 400 && status < 500 && typeof body['code'] === 'string';
}

function fitsToken({ status, type, body }: Seen): boolean {
  if (status === 200) return body['token_type'] === 'N_A';
  const form = type === 'application/json' && typeof body['error_description'] === 'string';
  return form && status >= 400 && status < 500 && typeof body['error'] === 'string';
}

/** Text with everything that a parser may trip over, lone surrogates left out: they have no UTF-8 form. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '\u0000',
    '\u001b[2J',
    '%',
    '=&',
    '{{claims.x}}',
    '>',
    '\u202e',
  ),
);

const exchangeBody = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.record(
    {
      token: fc.oneof(fc.constant('a.b.c'), text, fc.jsonValue()),
      role: fc.oneof(fc.constant('publisher'), text, fc.jsonValue()),
      ttl: fc.oneof(fc.integer(), fc.double(), text),
      nkey: fc.oneof(text, fc.stringMatching(/^U[A-Z2-7]{55}$/)),
    },
    { requiredKeys: [] },
  ),
);

test('any JSON at /exchange, with and without a valid token', async () => {
  await fc.assert(
    fc.asyncProperty(exchangeBody, fc.boolean(), async (body, withToken) => {
      const response = await fetch(`${world.url}/exchange`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(withToken && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      });
      expect(await seen(response)).toSatisfy(fitsExchange);
    }),
    { numRuns: 400 },
  );
});

test('any bytes at /exchange, with any content type', async () => {
  const types = fc.constantFrom(
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'a/b',
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), types, async (bytes, type) => {
      const response = await fetch(`${world.url}/exchange`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Buffer.from(bytes),
      });
      expect(await seen(response)).toSatisfy(fitsExchange);
    }),
    { numRuns: 200 },
  );
});

const parameter = fc.constantFrom(
  'grant_type',
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'scope',
  'audience',
  'resource',
  'ttl',
  'nkey',
  '__proto__',
  'toString',
);
const value = () =>
  fc.oneof(
    text,
    fc.constantFrom(TOKEN_EXCHANGE, JWT_TYPE, 'publisher', 'APP', '60'),
    fc.constant(token),
  );

test('any form at /token, added to a valid one or alone', async () => {
  const pairs = fc.array(fc.tuple(fc.oneof(parameter, text), value()), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pairs, fc.boolean(), async (pairs, onTop) => {
      const good = [
        ['grant_type', TOKEN_EXCHANGE],
        ['subject_token', token],
        ['subject_token_type', JWT_TYPE],
      ] as const;
      const response = await world.tokenExchange([...(onTop ? good : []), ...pairs]);
      expect(await seen(response)).toSatisfy(fitsToken);
    }),
    { numRuns: 400 },
  );
});

test('any bytes at /token instead of a form', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const response = await fetch(`${world.url}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(bytes),
      });
      expect(await seen(response)).toSatisfy(fitsToken);
    }),
    { numRuns: 200 },
  );
});

test('any path and method', async () => {
  const path = fc.oneof(
    fc.webPath(),
    fc.webUrl().map((url) => `/${url}`),
    fc.string().map((s) => `/${encodeURI(s)}`),
  );
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');
  await fc.assert(
    fc.asyncProperty(path, method, async (path, method) => {
      const response = await fetch(`${world.url}/x${path}`, { method });
      expect(await seen(response)).toSatisfy(fitsExchange);
    }),
    { numRuns: 200 },
  );
});

test('the service still works afterwards', async () => {
  expect((await world.exchange(token)).status).toBe(200);
  expect(world.log.text()).not.toContain('a request failed');
});
