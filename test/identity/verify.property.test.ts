import { KeyObject, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { parsePayload } from '../../src/identity/payload.ts';
import { memorySingleUse } from '../../src/identity/single-use.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import {
  AUDIENCE,
  createTestKey,
  NOW,
  signToken,
  staticIssuer,
  tokenClaims,
} from '../support/issuer.ts';

const ISSUER = 'https://issuer.test';
const LEEWAY = 5;
const clock = { now: () => NOW * 1000 };
const key = await createTestKey('k1', 'ES256');
const verifier = createVerifier({
  issuers: [staticIssuer([key], { leewaySeconds: LEEWAY })],
  clock,
  singleUse: memorySingleUse({ clock }),
  tokenBytes: 16_384,
});
const sound = await signToken(tokenClaims(ISSUER), {}, key);

/** Ours is the stricter reading: what we accept, jose accepts with the same key. Says whether we did. */
async function holds(token: string): Promise<boolean> {
  const ours = await verifier.verify(token);
  if (ours instanceof Refusal) {
    tellsNothing(ours, token);
    return false;
  }
  const { payload } = await jwtVerify(withoutNullTime(token), key.jwk, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    clockTolerance: LEEWAY,
    currentDate: new Date(clock.now()),
  });
  const claims = parsePayload(JSON.stringify(payload));
  expect(ours).toMatchObject({ issuer: payload.iss, subject: payload.sub, claims });
  return true;
}

/** The one thing that jose takes differently: a claim that is null is missing for us, and a wrong `nbf` for jose. */
function withoutNullTime(token: string): string {
  const [header = '', payload = ''] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url'));
  const { nbf, ...claims } = JSON.parse(payload.toString()) as Record<string, unknown>;
  return nbf === null ? signAnything(JSON.parse(header.toString()), JSON.stringify(claims)) : token;
}

/** No message and no detail holds a part of the token that could be used. */
function tellsNothing({ message, detail = '' }: Refusal, token: string): void {
  const said = message + detail;
  for (const part of token.split('.')) {
    if (part.length > 20) expect(said).not.toContain(part);
  }
}

/** Signs any header and payload whatsoever, also ones that no library would make. */
function signAnything(header: object, payload: string): string {
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(input), {
    key: KeyObject.from(key.privateKey),
    dsaEncoding: 'ieee-p1363',
  });
  return `${input}.${signature.toString('base64url')}`;
}

const near = fc.oneof(
  fc.integer({ min: NOW - 1000, max: NOW + 1000 }),
  fc.double({ min: NOW - 10, max: NOW + 10, noNaN: true }),
);
const anything = fc.oneof(
  fc.jsonValue(),
  near,
  fc.constantFrom<unknown>(ISSUER, AUDIENCE, [AUDIENCE], 'orders', 'JWT', 'Bearer', undefined),
);
/** Sound claims, a few of them replaced by anything. */
const payloads = fc
  .record(
    {
      iss: anything,
      sub: anything,
      aud: anything,
      exp: anything,
      iat: anything,
      nbf: anything,
      typ: anything,
      cnf: anything,
      jti: anything,
    },
    { requiredKeys: [] },
  )
  .chain((changes) => fc.subarray(Object.entries(changes), { maxLength: 2 }))
  .map((changes) => ({ ...tokenClaims(ISSUER), ...Object.fromEntries(changes) }));

describe('whatever a stranger sends, there is no exception and nothing is accepted that jose refuses', () => {
  test('the sound token itself is accepted', async () => {
    expect(await holds(sound)).toBe(true);
  });

  test('any text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.array(fc.base64String()).map((s) => s.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await holds(token)).toBe(false);
      }),
    );
  });

  test('the sound token with a character replaced, added or taken away', async () => {
    const at = fc.nat({ max: sound.length - 1 });
    const piece = fc.oneof(
      fc.constant(''),
      fc.constantFrom('A', '.', '=', '-', '\n', 'é'),
      fc.string({ maxLength: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(at, fc.constantFrom(0, 1), piece, async (at, taken, piece) => {
        const token = sound.slice(0, at) + piece + sound.slice(at + taken);
        fc.pre(token !== sound);
        expect(await holds(token)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('any claims under a true signature', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(payloads, async (claims) => {
        if (await holds(await signToken(claims, {}, key))) accepted++;
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test('any JSON under a true signature', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), async (payload) => {
        expect(await holds(signAnything({ alg: 'ES256', kid: 'k1' }, payload))).toBe(false);
      }),
    );
  });

  test('any header under a true signature', async () => {
    let accepted = 0;
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('ES256', 'RS256', 'none', 'k1', 'JWT'),
    );
    const odd = { alg: anything, kid: anything, typ: anything, crit: anything, b64: anything };
    const harmless = { jwk: anything, jku: anything, x5u: anything, x5c: anything, cty: anything };
    const header = fc
      .record({ ...odd, ...harmless }, { requiredKeys: [] })
      .chain((changes) => fc.subarray(Object.entries(changes), { maxLength: 2 }))
      .map((changes) => ({ alg: 'ES256', kid: 'k1', ...Object.fromEntries(changes) }));
    const payload = JSON.stringify(tokenClaims(ISSUER));
    await fc.assert(
      fc.asyncProperty(header, async (header) => {
        if (await holds(signAnything(header, payload))) accepted++;
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
