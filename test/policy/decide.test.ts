import { describe, expect, test } from 'vitest';
import type { Ask } from '../../src/policy/policy.ts';
import type { Claims } from '../../src/identity/identity.ts';
import { binding, denied, granted, identity, policyOf, providerClaims, role } from './support.ts';

const ROLES = [
  role('reader'),
  role('writer', { maxTtlSeconds: 60 }),
  role('lab', { account: 'LAB' }),
  role('secret'),
];
const POLICY = policyOf(ROLES, [
  binding({ name: 'first', match: { team: 'a' }, roles: ['reader', 'lab'] }),
  binding({ name: 'second', match: { team: ['a', 'b'] }, roles: ['writer', 'reader', 'lab'] }),
  binding({ name: 'third', match: { team: 'c', env: 'prod', ref: 'main' }, roles: ['secret'] }),
  binding({ name: 'fourth', match: { team: 'c', env: 'prod', ref: 'dev' }, roles: ['secret'] }),
  binding({ name: 'elsewhere', issuer: 'gitlab', match: { team: 'a' }, roles: ['secret'] }),
]);
const A = identity({ team: 'a', env: 'dev' });

describe('a grant', () => {
  test('is by the first binding that matches, of its first role', () => {
    const grant = granted(POLICY.decide(A, {}));
    expect(grant).toMatchObject({
      binding: 'first',
      role: { name: 'reader' },
      lifetimeSeconds: 900,
    });
    expect(grant.role).toBe(ROLES[0]);
    expect(granted(POLICY.decide(identity({ team: 'b' }), {})).role.name).toBe('writer');
  });

  test('is of the role that was asked for, by the first matching binding that lists it', () => {
    expect(granted(POLICY.decide(A, { role: 'writer' }))).toMatchObject({
      binding: 'second',
      role: { name: 'writer' },
    });
    expect(granted(POLICY.decide(A, { role: 'reader' }))).toMatchObject({ binding: 'first' });
  });

  test('stays in the account that was asked for', () => {
    expect(granted(POLICY.decide(A, { account: 'LAB' }))).toMatchObject({
      binding: 'first',
      role: { name: 'lab' },
    });
    expect(granted(POLICY.decide(identity({ team: 'b' }), { account: 'LAB' })).role.name).toBe(
      'lab',
    );
    expect(denied(POLICY.decide(A, { role: 'reader', account: 'LAB' })).refusal.reason).toBe(
      'role_not_allowed',
    );
  });

  test('lives as long as was asked for, and never longer than the role allows', () => {
    expect(granted(POLICY.decide(A, { ttlSeconds: 5 })).lifetimeSeconds).toBe(5);
    expect(granted(POLICY.decide(A, { ttlSeconds: 901 })).lifetimeSeconds).toBe(900);
    expect(granted(POLICY.decide(A, { role: 'writer', ttlSeconds: 900 })).lifetimeSeconds).toBe(60);
  });

  test('records the claims that were looked at, by the binding and the templates, and no others', () => {
    const policy = policyOf(
      [role('reader', { publish: { allow: ['{{claims.id}}.{{claims.o.p}}'], deny: [] } })],
      [binding({ match: { team: 'a', '/list/0': { glob: '*' } }, when: 'claims.env == "dev"' })],
    );
    const who = identity({
      team: 'a',
      env: 'dev',
      list: ['x'],
      id: 7,
      o: { p: 'q', secret: 1 },
      other: 1,
    });
    expect(granted(policy.decide(who, {})).claimsSeen).toEqual({
      team: 'a',
      '/list/0': 'x',
      env: 'dev',
      id: 7,
      '/o/p': 'q',
    });
  });

  test('shortens long values in the record', () => {
    const policy = policyOf([role('reader')], [binding({ match: { s: { glob: '*' }, l: 'x' } })]);
    const who = identity({
      s: 'y'.repeat(300),
      l: ['x', 'z'.repeat(300)],
    });
    const { s, l } = granted(policy.decide(who, {})).claimsSeen;
    expect(s).toBe(`${'y'.repeat(256)}… (300 characters)`);
    expect(l).toMatch(/^\["x","z{250}.*… \(308 characters\)$/);
  });

  test('records a claim named "__proto__" as any other', () => {
    const match = JSON.parse('{"__proto__":"p"}');
    const policy = policyOf([role('reader')], [binding({ match })]);
    const { claimsSeen } = granted(policy.decide(identity(JSON.parse('{"__proto__":"p"}')), {}));
    expect(Object.entries(claimsSeen)).toEqual([['__proto__', 'p']]);
    expect(denied(policy.decide(identity({}), {})).refusal.reason).toBe('no_binding');
  });

  test('is given to a real GitHub token, and not to its look-alike', () => {
    const policy = policyOf(
      [role('reader', { publish: { allow: ['orders.{{claims.repository_id}}.>'], deny: [] } })],
      [
        binding({
          match: { repository_owner_id: '123456', ref: 'refs/heads/main', ref_protected: 'true' },
        }),
      ],
    );
    expect(
      granted(policy.decide(identity(providerClaims('github-actions')), {})).publish.allow,
    ).toEqual(['orders.456789.>']);
    const lookAlike = providerClaims('github-actions', 'repojacked-lookalike (must be DENIED)');
    expect(denied(policy.decide(identity(lookAlike), {})).refusal.reason).toBe('no_binding');
  });

  test('is given to a Kubernetes service account by members of its claims', () => {
    const policy = policyOf(
      [
        role('reader', {
          publish: {
            allow: ['{{claims["kubernetes.io"].namespace}}.{{subject | token}}.>'],
            deny: [],
          },
        }),
      ],
      [binding({ issuer: 'cluster', match: { '/kubernetes.io/serviceaccount/name': 'orders' } })],
    );
    const who = identity(providerClaims('kubernetes-sa'), {
      issuerName: 'cluster',
      subject: 'system:serviceaccount:orders:orders',
    });
    expect(granted(policy.decide(who, {})).publish.allow).toEqual([
      'orders.system=3aserviceaccount=3aorders=3aorders.>',
    ]);
  });
});

describe('a denial', () => {
  const nearness = policyOf(ROLES, [
    binding({ name: 'far', match: { team: 'x', env: 'prod', ref: 'main' } }),
    binding({ name: 'near', match: { team: 'c', env: 'prod', ref: 'main' } }),
    binding({ name: 'as near, but later', match: { team: 'c', env: 'prod', ref: 'dev' } }),
  ]);

  test('no_binding names the issuer to the caller, and the nearest binding only to the log', () => {
    const who = identity({ team: 'c', env: 'prod', ref: 'x' });
    const { refusal, nearest, claimsSeen } = denied(nearness.decide(who, {}));
    expect(refusal).toMatchObject({
      reason: 'no_binding',
      code: 'access_denied',
      message: 'No binding for issuer "github" matches this token.',
    });
    expect(nearest?.binding).toBe('near');
    expect(nearest?.conditions.map(({ on, held }) => [on, held])).toEqual([
      ['team', true],
      ['env', true],
      ['ref', false],
    ]);
    expect(claimsSeen).toEqual({ team: 'c', env: 'prod', ref: 'x' });
  });

  test('the nearest binding is the one with the fewest failed conditions, then the earliest', () => {
    const nearest = (claims: Claims) =>
      denied(nearness.decide(identity(claims), {})).nearest?.binding;
    expect(nearest({ team: 'x', env: 'prod' })).toBe('far');
    expect(nearest({ team: 'c', ref: 'dev' })).toBe('as near, but later');
    expect(nearest({})).toBe('far');
  });

  test('an issuer without bindings has no nearest one', () => {
    expect(denied(POLICY.decide(identity({}, { issuerName: 'other' }), {}))).toEqual({
      refusal: expect.objectContaining({ reason: 'no_binding' }),
      claimsSeen: {},
    });
  });

  test('an unknown role and one that is not granted differ only in the detail', () => {
    const unknown = denied(POLICY.decide(A, { role: 'nonsense' })).refusal;
    const notGranted = denied(POLICY.decide(A, { role: 'secret' })).refusal;
    expect([unknown.reason, notGranted.reason]).toEqual(['role_not_allowed', 'role_not_allowed']);
    expect(unknown.message).toBe('This token may not take the role "nonsense".');
    expect(notGranted.message.replace('secret', 'nonsense')).toBe(unknown.message);
    expect(unknown.detail).toContain('there is no such role');
    expect(notGranted.detail).not.toContain('there is no such role');
  });

  test('names the role or account that was asked for, as far as it could be a name', () => {
    const message = (ask: Ask) => denied(POLICY.decide(A, ask)).refusal.message;
    expect(message({ account: 'OTHER' })).toBe(
      'This token may not take a role in the account "OTHER".',
    );
    for (const role of ['a"b', 'a b', 'a\n', 'x'.repeat(65), '']) {
      expect(message({ role })).toBe('This token may not take the requested role.');
    }
  });

  test('is the same for every requested role if nothing matches', () => {
    const nobody = identity({ team: 'z' });
    expect(denied(POLICY.decide(nobody, { role: 'secret' })).refusal).toEqual(
      denied(POLICY.decide(nobody, { role: 'nonsense' })).refusal,
    );
  });

  test('carries the binding whose template could not be filled', () => {
    const policy = policyOf(
      [role('reader', { publish: { allow: ['{{claims.gone}}'], deny: [] } })],
      [binding({ match: { team: 'a' } })],
    );
    const { refusal, nearest } = denied(policy.decide(A, {}));
    expect(refusal.reason).toBe('template_claim_missing');
    expect(nearest).toMatchObject({ binding: 'a binding', held: true });
  });
});

describe('groups overage', () => {
  const groups = binding({ issuer: 'entra', match: { groups: 'ops' } });
  const noGroups = binding({ issuer: 'entra', match: { roles: 'Nats.Publisher' } });
  const entra = (variant?: string) =>
    identity(providerClaims('entra-groups-overage', variant), { issuerName: 'entra' });

  test.each([undefined, 'hasgroups'])(
    'is a denial of its own where a binding looks at groups (%s)',
    (variant) => {
      const { refusal } = denied(
        policyOf([role('reader')], [noGroups, groups]).decide(entra(variant), {}),
      );
      expect(refusal.reason).toBe('groups_overage');
      expect(refusal.message).not.toContain('graph.windows.net');
      expect(refusal.detail).not.toContain('graph.windows.net');
    },
  );

  test.each([
    ['a pointer into it', binding({ issuer: 'entra', match: { '/groups/0': 'ops' } })],
    ['an expression', binding({ issuer: 'entra', when: '"ops" in claims.groups' })],
    ['a negation', binding({ issuer: 'entra', match: { groups: { not: 'ops' } } })],
  ])('counts %s as looking', (_, looking) => {
    expect(
      denied(policyOf([role('reader')], [looking, noGroups]).decide(entra(), {})).refusal.reason,
    ).toBe('groups_overage');
  });

  test('counts a template as looking', () => {
    const policy = policyOf(
      [role('reader', { publish: { allow: ['{{claims.groups}}'], deny: [] } })],
      [noGroups],
    );
    expect(denied(policy.decide(entra(), {})).refusal.reason).toBe('groups_overage');
  });

  test('does not matter where no binding of the issuer looks at groups', () => {
    const policy = policyOf([role('reader')], [noGroups, binding({ match: { groups: 'ops' } })]);
    expect(granted(policy.decide(entra(), {})).role.name).toBe('reader');
  });

  test('is not read into whatever else "_claim_names" holds', () => {
    const policy = policyOf(
      [role('reader')],
      [noGroups, binding({ issuer: 'entra', match: { constructor: 'x', groups: 'g' } })],
    );
    for (const names of [null, true, 7, 'groups', ['groups'], {}, { other: 'src1' }]) {
      const who = identity(
        { roles: 'Nats.Publisher', _claim_names: names, hasgroups: 'true' },
        { issuerName: 'entra' },
      );
      expect(granted(policy.decide(who, {})).role.name).toBe('reader');
    }
  });
});

describe('delegation (RFC 8693 §1.1)', () => {
  const policy = policyOf(
    [
      role('reader'),
      role('writer', { publish: { allow: ['{{claims.id}}.>'], deny: [] } }),
      role('own'),
    ],
    [
      binding({ name: 'people', match: { kind: 'person' }, roles: ['own', 'reader', 'writer'] }),
      binding({ name: 'bots', issuer: 'ci', match: { bot: true }, roles: ['writer', 'reader'] }),
      binding({ name: 'groups', issuer: 'entra', match: { groups: 'g' }, roles: ['writer'] }),
    ],
  );
  const person = identity({ kind: 'person', id: 'p1' });
  const bot = identity({ bot: true, id: 'b1' }, { issuerName: 'ci' });
  const stranger = identity({ bot: false }, { issuerName: 'ci' });

  test('grants the first role of the subject that the actor may take too', () => {
    expect(granted(policy.decideDelegated(person, bot, {}))).toMatchObject({
      binding: 'people',
      actorBinding: 'bots',
      role: { name: 'reader' },
    });
  });

  test('takes permissions from the subject, not from the actor', () => {
    expect(
      granted(policy.decideDelegated(person, bot, { role: 'writer', ttlSeconds: 9 })),
    ).toMatchObject({
      publish: { allow: ['p1.>'] },
      lifetimeSeconds: 9,
    });
  });

  test('is actor_not_allowed where only the actor lacks the role', () => {
    expect(denied(policy.decideDelegated(person, bot, { role: 'own' })).refusal.reason).toBe(
      'actor_not_allowed',
    );
    const { refusal, nearest } = denied(policy.decideDelegated(person, stranger, {}));
    expect(refusal.reason).toBe('actor_not_allowed');
    expect(nearest?.binding).toBe('bots');
  });

  test("is the subject's own denial where the subject gets nothing", () => {
    expect(denied(policy.decideDelegated(identity({}), bot, {})).refusal.reason).toBe('no_binding');
    expect(denied(policy.decideDelegated(person, bot, { role: 'nonsense' })).refusal.reason).toBe(
      'role_not_allowed',
    );
    expect(
      denied(policy.decideDelegated(identity({ kind: 'person' }), bot, { role: 'writer' })).refusal
        .reason,
    ).toBe('template_claim_missing');
  });

  test('is refused where either token leaves out claims', () => {
    const left = identity({ _claim_names: { groups: 's' } }, { issuerName: 'entra' });
    expect(denied(policy.decideDelegated(left, bot, {})).refusal.reason).toBe('groups_overage');
    expect(denied(policy.decideDelegated(person, left, {})).refusal.reason).toBe('groups_overage');
  });
});

describe('explain', () => {
  test('holds every binding against the identity, those of other issuers by their issuer only', () => {
    const traces = POLICY.explain(A);
    expect(traces.map(({ binding, held }) => [binding, held])).toEqual([
      ['first', true],
      ['second', true],
      ['third', false],
      ['fourth', false],
      ['elsewhere', false],
    ]);
    expect(traces[4]?.conditions).toEqual([
      { on: 'issuer', expected: '"gitlab"', seen: 'github', held: false },
    ]);
    expect(traces[1]?.conditions).toEqual([
      { on: 'team', expected: 'any of "a", "b"', seen: 'a', held: true },
    ]);
  });

  test('shows the expression and the claims that it names', () => {
    const [trace] = policyOf(
      [role('reader')],
      [binding({ match: {}, when: 'claims.a == 1 && claims.o.b == 2' })],
    ).explain(identity({ a: 1, o: { b: 3 } }));
    expect(trace?.conditions).toEqual([
      {
        on: 'when',
        expected: 'claims.a == 1 && claims.o.b == 2',
        seen: { a: 1, '/o/b': 3 },
        held: false,
        note: 'the expression is false',
      },
    ]);
  });

  test('shows that a binding on email wants a verified one', () => {
    const [trace] = policyOf([role('reader')], [binding({ match: { email: 'a@b' } })]).explain(
      identity({ email: 'a@b' }),
    );
    expect(trace?.conditions[1]).toMatchObject({
      on: 'email_verified',
      expected: 'true',
      seen: undefined,
      held: false,
    });
  });
});
