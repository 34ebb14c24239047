import { connect, credsAuthenticator, errors, type NatsConnection } from '@nats-io/transport-node';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AccountSpec } from '../../../src/config/config.ts';
import { draftCredential } from '../../../src/credential/mint.ts';
import { permissionsAndLimits } from '../../../src/credential/permissions.ts';
import { Refusal } from '../../../src/errors.ts';
import type { Claims } from '../../../src/identity/identity.ts';
import { ANY_ROLE, type KeyScope } from '../../../src/keyring/ring.ts';
import type { KeyPair } from '../../../src/nats/key-pair.ts';
import type { UserPermissionLimits } from '../../../src/nats/user-claims.ts';
import type { Grant, RoleSpec, SubjectRules } from '../../../src/policy/policy.ts';
import type { CompiledRole } from '../../../src/policy/role.ts';
import { scopeText } from '../../../src/keyring/proof.ts';
import { signingOf } from '../../../src/service/signing/role-signing.ts';
import { binding, granted, identity, policyOf, role } from '../../policy/support.ts';
import type { NatsServer } from '../../support/nats-server.ts';
import { createOperatorWorld, type OperatorWorld } from '../../support/operator-world.ts';
import { PATIENCE_MILLISECONDS } from '../../support/patience.ts';

const MANAGED: AccountSpec = { name: 'APP', publicKey: 'A', kind: 'managed', signingKeys: [] };

function compiled(spec: RoleSpec): CompiledRole {
  const found = policyOf([spec], []).roles.get(spec.name);
  if (!found) throw new Error('not compiled');
  return found;
}

function scopeOf(spec: RoleSpec): KeyScope {
  const { scope } = signingOf(compiled(spec), MANAGED);
  if (!scope) throw new Error('not scoped');
  return scope;
}

const publishing = (allow: readonly string[], more: Partial<RoleSpec> = {}): RoleSpec =>
  role('publisher', { publish: { allow, deny: [] }, ...more });

describe('a role of a managed account', () => {
  test('has its own signing keys, which carry everything that a direct credential would', () => {
    const spec = publishing(['orders.{{claims.id}}.>'], {
      subscribe: { allow: [], deny: [] },
      responses: { max: 2, ttlSeconds: 30 },
      limits: { subscriptions: 3, payloadBytes: 100 },
      sources: ['10.0.0.0/8'],
      times: [{ start: '08:00:00', end: '18:00:00' }],
      timezone: 'Europe/Berlin',
      connectionTypes: ['STANDARD'],
    });
    expect(signingOf(compiled(spec), MANAGED)).toMatchObject({ slot: 'publisher' });
    expect(scopeOf(spec)).toEqual({
      role: 'publisher',
      template: {
        pub: { allow: ['orders.{{tag(id)}}.>'] },
        sub: { deny: ['>'] },
        resp: { max: 2, ttl: 30_000_000_000 },
        subs: 3,
        data: -1,
        payload: 100,
        src: ['10.0.0.0/8'],
        times: [{ start: '08:00:00', end: '18:00:00' }],
        times_location: 'Europe/Berlin',
        allowed_connection_types: ['STANDARD'],
      },
      tags: { id: 'claims.id' },
    });
  });

  test.each([
    [
      'that cannot be scoped',
      { publish: { allow: ['{{claims.a}}-{{claims.b}}'], deny: [] } },
      'two references',
    ],
    ['that says so', { signing: 'direct' }, 'signing: direct'],
  ] as const)('%s is signed directly, and says why', (_, more, why) => {
    const signing = signingOf(compiled(role('publisher', more)), MANAGED);
    expect(signing).toEqual({ slot: ANY_ROLE, why: expect.stringContaining(why) });
  });
});

test('a role of an external account is signed as its keys are tied', () => {
  const account = (tied?: string): AccountSpec => ({
    ...MANAGED,
    kind: 'external',
    signingKeys: [{ seed: 'SA', ...(tied !== undefined && { role: tied }) }],
  });
  const publisher = compiled(publishing(['a']));
  expect(signingOf(publisher, account())).toMatchObject({ slot: ANY_ROLE });
  expect(signingOf(publisher, account('another'))).toMatchObject({ slot: ANY_ROLE });
  expect(signingOf(publisher, account('publisher'))).toMatchObject({
    slot: 'publisher',
    scope: { role: 'publisher' },
  });
});

describe('what an older key may still sign for', () => {
  const tagsOf = (...allow: string[]) => scopeOf(publishing(allow)).tags;

  test('distinguishes a value that is encoded, and one that may not begin with _', () => {
    expect(tagsOf('a.{{claims.id}}')).toEqual({ id: 'claims.id' });
    expect(tagsOf('a.{{claims.id | token}}')).toEqual({ id: 'claims.id | token' });
    // Otherwise a template that begins with the tag would open `_INBOX.>` to an identity that the policy now lets be "_INBOX".
    expect(tagsOf('a.{{claims.id}}', '{{claims.id}}.>')).not.toEqual(tagsOf('a.{{claims.id}}'));
  });
});

test('the text of a scope does not depend on the order of its members, nor on JSON', () => {
  const scope = scopeOf(publishing(['a.{{claims.id}}.{{subject}}']));
  const { tags, template, role: name } = scope;
  const turned: KeyScope = {
    template: Object.fromEntries(Object.entries(template).toReversed()) as typeof template,
    tags: Object.fromEntries(Object.entries(tags).toReversed()),
    role: name,
  };
  expect(scopeText(turned)).toBe(scopeText(scope));
  expect(JSON.parse(JSON.stringify(scope))).toEqual(scope);
  const other = scopeOf(publishing(['a.{{claims.id}}.{{issuer}}']));
  expect(scopeText(other)).not.toBe(scopeText(scope));
});

/** What the server makes of a template: each tag's value, in lower case as all tags are. */
function filledByServer(
  template: UserPermissionLimits,
  tags: Readonly<Record<string, string>>,
): UserPermissionLimits {
  const list = (subjects: readonly string[] | undefined) =>
    subjects?.map((subject) =>
      subject.replaceAll(/\{\{tag\(([^)]*)\)\}\}/g, (_, name: string) => {
        const value = tags[name];
        if (value === undefined) throw new Error(`no tag ${name}`);
        return value.toLowerCase();
      }),
    );
  const rules = (rules: UserPermissionLimits['pub']) => ({
    ...(rules?.allow && { allow: list(rules.allow) ?? [] }),
    ...(rules?.deny && { deny: list(rules.deny) ?? [] }),
  });
  return { ...template, pub: rules(template.pub), sub: rules(template.sub) };
}

const plain = fc.constantFrom('a', 'b-1', 'orders', '*');
const reference = fc.constantFrom(
  '{{claims.id}}',
  '{{claims.team | token}}',
  '{{subject}}',
  '{{issuer}}',
  'x-{{claims.id}}',
);
const subject = fc
  .array(fc.oneof(plain, reference), { minLength: 1, maxLength: 4 })
  .map((tokens) => tokens.join('.'));
const rules: fc.Arbitrary<SubjectRules> = fc.record({
  allow: fc.uniqueArray(subject, { maxLength: 3 }),
  deny: fc.uniqueArray(subject, { maxLength: 2 }),
});
const value = fc.oneof(
  fc.stringMatching(/^[a-z0-9_:%$-]{1,8}$/),
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.integer(),
);
const claims: fc.Arbitrary<Claims> = fc.record({ id: value, team: value });

test('for any role and identity, a scoped user may do the same as a direct one', () => {
  let compared = 0;
  fc.assert(
    fc.property(rules, rules, claims, (publish, subscribe, claims) => {
      const spec = role('publisher', { publish, subscribe, limits: { subscriptions: 5 } });
      const policy = policyOf([spec], [binding({ roles: ['publisher'] })]);
      const someone = { sub: 'somebody', ...claims };
      const decision = policy.decide(identity(someone), {});
      if ('denial' in decision) return;
      const { grant } = decision;
      if (grant.templateTagsUnavailable !== undefined) return;
      compared += 1;
      const { template } = scopeOf(spec);
      // The policy leaves out what stands twice once it is filled in.
      expect(unique(filledByServer(template, grant.templateTags))).toEqual(
        permissionsAndLimits(spec, grant),
      );
    }),
    { numRuns: 500 },
  );
  expect(compared).toBeGreaterThan(50);
});

function unique(limits: UserPermissionLimits): UserPermissionLimits {
  const once = (rules: UserPermissionLimits['pub']) =>
    Object.fromEntries(Object.entries(rules ?? {}).map(([key, list]) => [key, [...new Set(list)]]));
  return { ...limits, pub: once(limits.pub), sub: once(limits.sub) };
}

describe('a real server', () => {
  const SPEC = role('publisher', {
    publish: {
      allow: ['orders.{{claims.id}}.>', 'x-{{claims.id}}.{{claims.team | token}}', 'plain.*'],
      deny: ['orders.{{claims.id}}.secret.>', 'plain.{{subject}}'],
    },
    subscribe: { allow: ['answers.{{claims.team | token}}.>'], deny: [] },
    limits: { subscriptions: 100 },
  });
  let world: OperatorWorld;
  let server: NatsServer;

  beforeAll(async () => {
    const silent = role('silent', {
      publish: { allow: [], deny: [] },
      subscribe: { allow: [], deny: [] },
    });
    world = createOperatorWorld({
      accounts: {
        APP: { scopes: { publisher: scopeOf(SPEC).template, silent: scopeOf(silent).template } },
      },
    });
    server = await world.start();
  });
  afterAll(() => server.stop());

  async function login(creds: string): Promise<NatsConnection> {
    const connection = await connect({
      servers: server.url,
      authenticator: credsAuthenticator(Buffer.from(creds)),
      reconnect: false,
      timeout: PATIENCE_MILLISECONDS,
    });
    onTestFinished(() => connection.close());
    return connection;
  }

  function credsOf(grant: Grant, key: KeyPair, scopedTo?: string): string {
    const issuedAt = Math.floor(Date.now() / 1000);
    const draft = draftCredential(
      { maxControlLineBytes: 4096 },
      {
        identity: identity(claimsOf('7')),
        grant,
        signingKey: {
          publicKey: key.publicKey,
          account: world.account().key.publicKey,
          scopedTo,
          sign: key.sign,
        },
        issuedAt,
        expiresAt: issuedAt + 60,
      },
    );
    if (draft instanceof Refusal) throw new Error(draft.message);
    return draft.sign().creds ?? '';
  }

  const claimsOf = (id: string) => ({ sub: 'somebody', id, team: 'A.b*' });

  /** Those of the subjects that the server lets it publish to, or subscribe to. */
  async function allowed(
    creds: string,
    subjects: readonly string[],
  ): Promise<{ published: string[]; subscribed: string[] }> {
    const connection = await login(creds);
    const refused = new Set<string>();
    const faults = (async () => {
      for await (const status of connection.status()) {
        if (status.type !== 'error') continue;
        const { error } = status;
        if (error instanceof errors.PermissionViolationError) {
          refused.add(`${error.operation} ${error.subject}`);
        }
      }
    })();
    for (const subject of subjects) {
      connection.publish(subject);
      connection.subscribe(subject, { callback: () => undefined });
    }
    await connection.flush();
    await connection.close();
    await faults;
    return {
      published: subjects.filter((subject) => !refused.has(`publish ${subject}`)),
      subscribed: subjects.filter((subject) => !refused.has(`subscription ${subject}`)),
    };
  }

  test.each(['7', 'a:b', '50%s', 'a$1(x)', '-'])(
    'lets a scoped and a direct user with the claim "%s" reach the same subjects',
    async (id) => {
      const policy = policyOf([SPEC], [binding({ roles: ['publisher'] })]);
      const grant = granted(policy.decide(identity(claimsOf(id)), {}));
      const subjects = [
        `orders.${id}.new`,
        `orders.${id}.secret.new`,
        'orders.other.new',
        `orders.${id}`,
        `x-${id}.=41=2eb=2a`,
        `x-${id}.other`,
        'plain.a',
        'plain.somebody',
        'answers.=41=2eb=2a.1',
        'answers.other.1',
        'anything',
      ];
      const { signingKey, scopedKeys } = world.account();
      const scopedKey = scopedKeys['publisher'];
      if (!scopedKey) throw new Error('no key');
      const direct = await allowed(credsOf(grant, signingKey), subjects);
      const scoped = await allowed(credsOf(grant, scopedKey, 'publisher'), subjects);
      expect(scoped).toEqual(direct);
      expect(direct.published).toEqual([`orders.${id}.new`, `x-${id}.=41=2eb=2a`, 'plain.a']);
      expect(direct.subscribed).toEqual(['answers.=41=2eb=2a.1']);
    },
  );

  test('lets nobody do anything in a role that allows nothing', async () => {
    const { creds } = world.user({ role: 'silent' });
    expect(await allowed(creds, ['a', 'b.c', '_INBOX.x'])).toEqual({
      published: [],
      subscribed: [],
    });
  });
});
