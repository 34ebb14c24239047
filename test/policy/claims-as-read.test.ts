import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import type { IssuerSpec } from '../../src/identity/issuer.ts';
import { memorySingleUse } from '../../src/identity/single-use.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import type { BindingSpec, Decision, RoleSpec } from '../../src/policy/policy.ts';
import { AUDIENCE, createTestKey, NOW, staticIssuer } from '../support/issuer.ts';
import { binding, policyOf, role } from './support.ts';

/** What a token's text says of null and of large numbers, from its signature to the decision. */

const clock = { now: () => NOW * 1000 };
const key = await createTestKey('k1', 'ES256');

type Options = {
  readonly spec?: Partial<IssuerSpec> | undefined;
  readonly roles?: Partial<RoleSpec>;
};

const SOUND = {
  iss: 'https://issuer.test',
  sub: 's',
  aud: AUDIENCE,
  iat: NOW,
  exp: NOW + 300,
  ok: true,
};

/** The decision for a token with this payload, or why it is not believed. */
async function decideOn(
  payload: string,
  rule: Partial<BindingSpec>,
  { spec, roles }: Options = {},
): Promise<Decision | string> {
  const token = await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .sign(key.privateKey);
  const verifier = createVerifier({
    issuers: [staticIssuer([key], spec)],
    clock,
    singleUse: memorySingleUse({ clock }),
    tokenBytes: 16_384,
  });
  const identity = await verifier.verify(token);
  verifier.close();
  if (identity instanceof Refusal) return identity.reason;
  const policy = policyOf([role('reader', roles)], [binding({ issuer: 'dev', ...rule })]);
  return policy.decide(identity, {});
}

/** The same for a sound token that has these members besides, as JSON text. */
function decide(members: string, rule: Partial<BindingSpec>, options?: Options) {
  return decideOn(`${JSON.stringify(SOUND).slice(0, -1)},${members}}`, rule, options);
}

function inWords(decision: Decision | string): string {
  if (typeof decision === 'string') return decision;
  return 'grant' in decision ? 'granted' : decision.denial.refusal.reason;
}

async function outcomeOf(...asked: Parameters<typeof decide>): Promise<string> {
  return inWords(await decide(...asked));
}

const OK = { match: { ok: true } };

describe('a claim beyond 2^53 meets no condition that looks at it', () => {
  const LARGE = [
    '9007199254740993',
    '9007199254740992',
    '-9007199254740993',
    '9007199254740993.0',
    '9007199254740993e0',
    '1e300',
    '[9007199254740993]',
    '[1, "a", 9007199254740993]',
    '[{"id": 9007199254740993}]',
    '[[9007199254740993]]',
  ];

  test.for(LARGE)('x: %s', async (x) => {
    const conditions: Partial<BindingSpec>[] = [
      { match: { x: { not: 5 } } },
      { match: { x: { not: 'b' } } },
      { match: { x: ['a', 1, { not: 7 }] } },
      { match: { x: { glob: '*' } } },
      { when: 'claims.x != 5' },
      { when: '!(claims.x == 5)' },
      { when: 'claims.x <= 9007199254740991 || claims.x > 0' },
      { when: 'claims.x in [1] || true' },
      { when: 'type(claims.x) == int || type(claims.x) == list || true' },
    ];
    for (const rule of conditions) {
      expect([rule, await outcomeOf(`"x":${x}`, rule)]).toEqual([rule, 'no_binding']);
    }
    expect(await outcomeOf(`"x":${x}`, OK)).toBe('granted');
    expect(await outcomeOf(`"x":${x},"y":1`, { match: { y: 1 }, when: 'claims.y == 1' })).toBe(
      'granted',
    );
  });

  test('inside an object, only what is looked at counts', async () => {
    const o = '"o":{"id":9007199254740993,"name":"a"}';
    expect(await outcomeOf(o, { match: { '/o/name': 'a' } })).toBe('granted');
    expect(await outcomeOf(o, { when: 'claims.o.name == "a"' })).toBe('granted');
    expect(await outcomeOf(o, { when: 'has(claims.o.id)' })).toBe('granted');
    expect(await outcomeOf(o, { match: { '/o/id': { not: 1 } } })).toBe('no_binding');
    expect(await outcomeOf(o, { when: 'claims.o.id != 1' })).toBe('no_binding');
    expect(await outcomeOf(o, { match: { o: { not: 1 } } })).toBe('no_binding');
  });

  test('numbers up to 2^53 and fractions are as good as any', async () => {
    expect(await outcomeOf('"x":9007199254740991', { match: { x: 9007199254740991 } })).toBe(
      'granted',
    );
    expect(
      await outcomeOf('"x":9007199254740991.0', { when: 'claims.x == 9007199254740991' }),
    ).toBe('granted');
    expect(await outcomeOf('"x":0.5', { match: { x: 0.5 }, when: 'claims.x < 0.6' })).toBe(
      'granted',
    );
  });

  test('the trace names the claim, and shows no other number', async () => {
    for (const rule of [{ match: { x: { not: 5 } } }, { when: 'claims.x != 5' }]) {
      const decision = await decide('"x":9007199254740993', rule);
      const text = JSON.stringify(decision);
      expect(text).toMatch(/"?x\\?"? ?.*beyond 2\^53/);
      expect(text).not.toContain('900719925474099');
    }
  });

  test('a template does not take it', async () => {
    const rules = { allow: ['a.{{claims.x}}'], deny: [] };
    const roles = { publish: rules };
    expect(await outcomeOf('"x":9007199254740993', OK, { roles })).toBe('template_value_unsafe');
    expect(await outcomeOf('"x":[1,9007199254740993]', OK, { roles })).toBe(
      'template_value_unsafe',
    );
  });

  test('a token with a number that is not finite is rejected, even if no condition reads it', async () => {
    expect(await outcomeOf('"x":1e400', OK)).toBe('token_malformed');
  });
});

describe('a claim that is null is missing', () => {
  test.for<[what: string, members: string, rule: Partial<BindingSpec>, as: string]>([
    ['a value', '"x":null', { match: { x: '' } }, '"y":1'],
    ['not a value', '"x":null', { match: { x: { not: 'a' } } }, '"y":1'],
    ['has()', '"x":null', { when: 'has(claims.x)' }, '"y":1'],
    ['!has()', '"x":null', { when: '!has(claims.x)' }, '"y":1'],
    ['!=', '"x":null', { when: 'claims.x != "a"' }, '"y":1'],
    ['!= null', '"x":null', { when: 'claims.x != null' }, '"y":1'],
    ['in', '"x":null', { when: '!(claims.x in ["a"])' }, '"y":1'],
    ['a member', '"o":{"x":null}', { match: { '/o/x': { not: 'a' } } }, '"o":{}'],
    ['a member in when', '"o":{"x":null}', { when: 'claims.o.x != "a"' }, '"o":{}'],
    ['a list of null', '"x":[null]', { match: { x: { not: 'a' } } }, '"x":[]'],
    ['a list of null in when', '"x":[null]', { when: 'claims.x.all(e, e == "a")' }, '"x":[]'],
    ['exists()', '"x":[null]', { when: 'claims.x.exists(e, e != "a")' }, '"x":[]'],
    ['size()', '"x":[null,"a"]', { when: 'size(claims.x) == 1' }, '"x":["a"]'],
    ['an index', '"x":[null,"a"]', { when: 'claims.x[0] == "a"' }, '"x":["a"]'],
    ['a pointer', '"x":[null,"a"]', { match: { '/x/0': 'a' } }, '"x":["a"]'],
    [
      'a member of an element',
      '"x":[{"a":null}]',
      { when: 'claims.x.all(e, e.a != 1)' },
      '"x":[{}]',
    ],
    [
      'email_verified',
      '"email":"a@b","email_verified":null',
      { match: { email: 'a@b' } },
      '"email":"a@b"',
    ],
    [
      'left-out groups',
      '"hasgroups":null,"groups":["a"]',
      { match: { groups: 'a' } },
      '"groups":["a"]',
    ],
  ])('%s: %s is read as %s', async ([, members, rule, as]) => {
    expect(await outcomeOf(members, rule)).toBe(await outcomeOf(as, rule));
  });

  test.for<[name: string, reason: string, spec?: Partial<IssuerSpec>]>([
    ['sub', 'claim_missing'],
    ['aud', 'claim_missing'],
    ['iss', 'claim_missing'],
    ['exp', 'claim_missing'],
    ['iat', 'claim_missing'],
    ['nbf', 'granted'],
    ['jti', 'claim_missing', { singleUse: true }],
    ['tid', 'claim_missing', { require: { tid: ['t'] } }],
    ['oid', 'granted', { subject: [['oid'], ['sub']] }],
    ['typ', 'granted'],
    ['token_use', 'granted'],
    ['events', 'granted'],
    ['cnf', 'granted'],
  ])('%s: null is %s', async ([name, reason, spec]) => {
    const outcome = async (claims: object) =>
      inWords(await decideOn(JSON.stringify({ ...SOUND, ...claims }), OK, { spec }));
    expect(await outcome({ [name]: null })).toBe(reason);
    expect(await outcome({ [name]: undefined })).toBe(reason);
  });

  test('a template finds no value', async () => {
    const roles = { publish: { allow: ['a.{{claims.x}}'], deny: [] } };
    expect(await outcomeOf('"x":null', OK, { roles })).toBe('template_claim_missing');
    expect(await outcomeOf('"x":[null]', OK, { roles })).toBe('template_value_unsafe');
    const decision = await decide('"x":[null,"v"]', OK, { roles });
    expect(decision).toMatchObject({ grant: { publish: { allow: ['a.v'] } } });
  });
});
