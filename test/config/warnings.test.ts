import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Warning } from '../../src/config/findings.ts';
import { configDirectory, yaml } from './fixture.ts';

const ISSUERS = {
  github: '{ preset: github-actions, audience: a }',
  ghes: '{ preset: github-actions, host: git.acme.com, audience: a }',
  plainGithub: '{ issuer: "https://token.actions.githubusercontent.com", audience: a }',
  gitlab: '{ preset: gitlab-ci, audience: a }',
  buildkite: '{ preset: buildkite, audience: a }',
  google: '{ preset: google, audience: a }',
  okta: '{ preset: okta, issuer: "https://acme.okta.com/oauth2/default", audience: a }',
  cognito: '{ preset: cognito, region: us-east-2, pool: us-east-2_A, audience: a }',
  spire:
    '{ preset: spiffe, issuer: "https://spire.example.org", trustDomain: example.org, audience: a }',
  keycloak: '{ preset: keycloak, issuer: "https://kc.example.com/realms/acme", audience: a }',
  keycloakId:
    '{ preset: keycloak, issuer: "https://kc.example.com/realms/acme", audience: a, kinds: [id_token] }',
  plainKeycloak: '{ issuer: "https://kc.example.com/realms/acme", audience: a }',
  dev: '{ issuer: "https://id.example.com", audience: a }',
} as const;

function warningsOf(sections: Parameters<typeof yaml>[0]): readonly Warning[] {
  using directory = configDirectory();
  return directory.load(yaml(sections)).warnings;
}

function ofBinding(issuer: keyof typeof ISSUERS, binding: string): string[] {
  return warningsOf({
    issuers: `issuers: { x: ${ISSUERS[issuer]} }`,
    bindings: `bindings: [{ name: b, issuer: x, roles: [publisher], ${binding} }]`,
  }).map(({ id }) => id);
}

function ofRole(role: string): string[] {
  return warningsOf({ roles: `roles: { publisher: { account: APP, ${role} } }` }).map(
    ({ id, level }) => (level === 'note' ? `note ${id}` : id),
  );
}

// biome-ignore format: a table reads best with one row a line
test.for([
  ['github', 'match: { repository: acme/orders, ref: refs/heads/main }', ['github-names-only']],
  ['ghes', 'match: { repository: acme/orders, ref: refs/heads/main }', ['github-names-only']],
  ['github', 'match: { sub: "repo:acme/orders:ref:refs/heads/main" }', ['github-names-only']],
  ['github', 'match: { sub: "repo:acme@1/orders@2:ref:refs/heads/main" }', []],
  ['github', 'match: { sub: { glob: "repo:acme/orders:*" } }', ['github-names-only', 'github-pull-requests']],
  ['github', 'match: { repository: acme/orders, repository_id: "1", ref: refs/heads/main }', []],
  ['github', 'match: { repository_id: "1" }', ['github-pull-requests']],
  ['github', 'match: { repository_id: "1", environment: production }', []],
  ['github', 'match: { ref: refs/heads/main }', ['shared-issuer-open']],
  ['github', 'match: { repository_id: { glob: "*" }, ref: refs/heads/main }', ['shared-issuer-open']],
  ['github', 'match: { repository_owner_id: { not: "1" }, ref: refs/heads/main }', ['shared-issuer-open']],
  ['github', 'match: { sub: { glob: "repo:*" }, ref: refs/heads/main }', ['shared-issuer-open']],
  ['github', 'match: { repository_id: { glob: "?*" }, ref: refs/heads/main }', ['shared-issuer-open']],
  ['github', `match: { repository_id: { regex: '\\d+' }, ref: refs/heads/main }`, ['shared-issuer-open']],
  ['plainGithub', 'match: { ref: refs/heads/main }', ['shared-issuer-open']],
  ['github', `when: 'claims.repository_owner_id == "1" && claims.ref == "refs/heads/main"'`, []],
  ['github', `when: 'claims["repository_owner_id"] == "1" && claims.ref == "refs/heads/main"'`, []],
  ['github', `when: 'claims.repository_owner_idx == "1" && claims.ref == "refs/heads/main"'`, ['shared-issuer-open']],
  ['ghes', 'match: { ref: refs/heads/main }', []],
  ['gitlab', 'match: { project_id: "1" }', ['gitlab-fork-merge-requests']],
  ['gitlab', 'match: { job_project_id: "1" }', ['gitlab-fork-merge-requests']],
  ['gitlab', 'match: { project_id: "1", job_project_id: "1" }', []],
  ['gitlab', 'match: { ref: main }', ['shared-issuer-open']],
  ['buildkite', 'match: { pipeline_slug: orders }', ['shared-issuer-open']],
  ['buildkite', 'match: { organization_id: o }', []],
  ['google', 'match: { azp: x }', ['shared-issuer-open']],
  ['google', 'match: { email: a@example.com }', ['email-binding']],
  ['okta', 'match: { sub: jdoe@example.com }', ['okta-login-name']],
  ['okta', 'match: { uid: 00u1 }', []],
  ['keycloak', 'match: { /resource_access/nats-sts/roles: publisher }', ['keycloak-any-client']],
  ['keycloak', 'match: { /realm_access/roles: publisher, azp: { not: x } }', ['keycloak-any-client']],
  ['keycloak', `when: '"publisher" in claims.realm_access.roles'`, ['keycloak-any-client']],
  ['keycloak', 'match: { groups: /nats, azp: [a, b] }', []],
  ['keycloak', 'match: { client_id: orders }', []],
  ['keycloak', `when: 'claims.azp == "orders"'`, []],
  ['keycloakId', 'match: { groups: /nats }', []],
  ['plainKeycloak', 'match: { groups: /nats }', ['keycloak-any-client']],
  ['cognito', 'match: { "custom:tenant": acme }', ['cognito-custom-attribute']],
  ['spire', 'match: { sub: "spiffe://example.org/orders" }', []],
  ['spire', 'match: { sub: { glob: "spiffe://example.org*" } }', ['spiffe-trust-domain']],
  ['spire', 'match: { sub: "spiffe://example.org.evil/orders" }', ['spiffe-trust-domain']],
  ['spire', 'match: { aud: a }', ['spiffe-trust-domain']],
  ['dev', 'match: { preferred_username: jdoe }', ['mutable-claim']],
  ['dev', `when: 'claims.upn == "jdoe"'`, ['mutable-claim']],
  ['dev', 'match: { realm_access.roles: x }', ['claim-name-with-dots']],
  ['dev', 'match: { /realm_access/roles: x }', []],
  ['dev', 'match: { "https://example.com/claims/roles": x }', []],
  ['dev', 'match: { iss_host: { regex: "id.example.com" } }', ['regex-bare-dot']],
  ['dev', 'match: { iss_host: { not: { regex: ".*@example.com" } } }', ['regex-bare-dot']],
  ['dev', 'match: { iss_host: { regex: "id\\\\.example\\\\.com" } }', []],
  ['dev', 'match: { iss_host: { regex: "v[0-9]+.*" } }', []],
  ['dev', 'match: { sub: "ord*" }', ['literal-star']],
  ['dev', 'match: { sub: [x, "ord*"] }', ['literal-star']],
  ['dev', 'match: { sub: x, ref: { not: "refs/*" } }', ['literal-star']],
  ['dev', 'match: { groups: { all: [a, "b*"] } }', ['literal-star']],
  ['dev', 'match: { sub: { glob: "ord*" } }', []],
  ['dev', 'match: { subject: x }', ['claim-long-name']],
  ['dev', 'match: { /subject: x }', ['claim-long-name']],
  ['dev', 'match: { /acme/subject: x }', []],
] as const)('a binding of %s with %s', ([issuer, binding, ids]) => {
  // Double backslashes are the table's own; YAML in double quotes wants them too.
  expect(ofBinding(issuer, binding)).toEqual(ids);
});

test.for([
  ['publish: { allow: [">"] }', ['allow-everything']],
  ['subscribe: { allow: ["*.>"] }', ['allow-everything']],
  ['publish: { allow: ["$SYS.>"] }', ['allow-system']],
  ['publish: { allow: ["$JS.API.>"] }', ['allow-jetstream-api']],
  ['subscribe: { allow: ["_INBOX.>"] }', ['note shared-inbox']],
  ['subscribe: { allow: ["_INBOX.{{claims.sub}}.>"] }', []],
  ['maxTtl: 25h', ['long-ttl']],
  ['maxTtl: 24h', []],
  ['limits: { data: 1MiB }', ['data-limit']],
  ['limits: { payload: 1MiB, subscriptions: 5 }', []],
] as const)('a role with %s', ([role, ids]) => {
  expect(ofRole(role)).toEqual(ids);
});

describe('a key set in the configuration', () => {
  const rsa = (bits: number, members = {}) => ({
    ...generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }),
    ...members,
  });
  const good = rsa(2048, { kid: 'good', d: null, key_ops: [], use: '' });
  const ofKeys = (...keys: readonly unknown[]) =>
    warningsOf({
      issuers: `issuers: { dev: { issuer: "https://id.example.com", audience: a, jwks: ${JSON.stringify({ keys })} } }`,
    });

  test('with members that are not set is one like any other', () => {
    expect(ofKeys(good)).toEqual([]);
  });

  test('has each key named that is left out, and why', () => {
    const keys = [
      good,
      null,
      'key',
      rsa(1024, { kid: 'weak' }),
      { ...good, kid: 'enc', use: 'enc' },
    ];
    const path = 'issuers.dev.jwks';
    expect(ofKeys(...keys)).toMatchObject(
      [
        {
          id: 'jwks-key-left-out',
          level: 'warning',
          path,
          message: /^a key without "kid" .* not a JSON object/,
        },
        { id: 'jwks-key-left-out', path, message: /^a key without "kid" .* not a JSON object/ },
        { id: 'jwks-key-left-out', path, message: /^key "weak" .* RSA with 1024 bits/ },
        { id: 'jwks-key-for-others', level: 'note', path, message: /^key "enc" .* "use" "enc"/ },
      ].map(({ message, ...rest }) => ({ ...rest, message: expect.stringMatching(message) })),
    );
  });

  test('without a usable key is warned of', () => {
    expect(ofKeys({ ...good, use: 'enc' }).map(({ id }) => id)).toEqual([
      'jwks-unusable',
      'jwks-key-for-others',
    ]);
  });

  test('with more keys than are kept is warned of', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      format: 'jwk',
    });
    const keys = Array.from({ length: 300 }, (_, n) => ({ ...ec, kid: `k${n}` }));
    expect(ofKeys(...keys)).toMatchObject([
      {
        id: 'jwks-too-many-keys',
        message: 'contains 300 keys, but only the first 256 are used: remove old ones',
      },
    ]);
  });

  test.each(['utf8', 'utf16le'] as const)(
    'is read from a file with a byte order mark, in %s',
    (encoding) => {
      using directory = configDirectory();
      const text = `\uFEFF${JSON.stringify({ keys: [good] })}`;
      writeFileSync(join(directory.path, 'jwks.json'), Buffer.from(text, encoding));
      const { issuers, warnings } = directory.load(
        yaml({
          issuers:
            'issuers: { dev: { issuer: "https://id.example.com", audience: a, jwks: { file: ./jwks.json } } }',
        }),
      );
      expect(issuers[0]?.keys).toMatchObject({ kind: 'static', jwks: { keys: [{ kid: 'good' }] } });
      expect(warnings).toEqual([]);
    },
  );
});

test('a role that no binding gives is named', () => {
  expect(
    warningsOf({
      roles: 'roles:\n  publisher: { account: APP }\n  idle: { account: APP }',
    }),
  ).toEqual([
    {
      id: 'role-unused',
      level: 'warning',
      path: 'roles.idle',
      line: 5,
      message:
        'no binding gives this role, so nobody can get it: add it to a binding, or remove it',
    },
  ]);
});

// biome-ignore format: a table reads best with one row a line
test.for([
  ['the same conditions', '{ sub: x }', '{ sub: x }', true],
  ['a value of a list that came before', '{ sub: [x, y] }', '{ sub: y }', true],
  ['more conditions', '{ sub: x }', '{ sub: x, ref: y }', true],
  ['the same claim by pointer', '{ sub: x }', '{ /sub: x }', true],
  ['the same pattern', '{ sub: { glob: "a*" } }', '{ sub: { glob: "a*" } }', true],
  ['fewer conditions', '{ sub: x, ref: y }', '{ sub: x }', false],
  ['a value more', '{ sub: x }', '{ sub: [x, y] }', false],
  ['another type', '{ n: "1" }', '{ n: 1 }', false],
] as const)('a binding after one with %s', ([, first, second, shadowed]) => {
  const warnings = warningsOf({
    bindings: `bindings:
  - { name: one, issuer: dev, match: ${first}, roles: [publisher] }
  - { name: two, issuer: dev, match: ${second}, roles: [publisher] }`,
  });
  expect(warnings.map(({ id, path }) => `${id} ${path}`)).toEqual(
    shadowed ? ['binding-shadowed bindings[1]'] : [],
  );
});

test('a binding that gives another role can still be reached, by asking for that', () => {
  const warnings = warningsOf({
    roles: 'roles: { publisher: { account: APP }, reader: { account: APP } }',
    bindings: `bindings:
  - { name: one, issuer: dev, match: { sub: x }, roles: [publisher] }
  - { name: two, issuer: dev, match: { sub: x }, roles: [publisher, reader] }`,
  });
  expect(warnings).toEqual([]);
});

test('a `when` that an earlier binding has besides does not shadow', () => {
  const warnings = warningsOf({
    bindings: `bindings:
  - { name: one, issuer: dev, match: { sub: x }, when: 'claims.a == 1', roles: [publisher] }
  - { name: two, issuer: dev, match: { sub: x }, roles: [publisher] }
  - { name: three, issuer: dev, match: { sub: x }, when: 'claims.b == 1', roles: [publisher] }`,
  });
  expect(warnings.map(({ path }) => path)).toEqual(['bindings[2]']);
});

test.for([
  [
    'a cluster without an issuer of its own',
    {
      issuers:
        'issuers: { dev: { preset: kubernetes, issuer: "https://kubernetes.default.svc", audience: a } }',
    },
    'kubernetes-issuer-not-unique',
  ],
  [
    'single use of pod tokens',
    {
      issuers:
        'issuers: { dev: { preset: kubernetes, issuer: "https://k.example", audience: a, singleUse: true } }',
    },
    'kubernetes-single-use',
  ],
  [
    'an audience that Entra v2 tokens never carry',
    {
      issuers:
        'issuers: { dev: { preset: entra, tenant: 72f988bf-86f1-41af-91ab-2d7cd011db47, audience: api://nats-sts } }',
    },
    'entra-audience',
  ],
  [
    'servers that only this machine reaches',
    { more: 'listen: { host: 0.0.0.0, behindProxy: 10.0.0.1 }' },
    'nats-servers-loopback',
  ],
  ['every address as proxy', { more: 'listen: { behindProxy: 0.0.0.0/0 }' }, 'proxies-everyone'],
  [
    'a public URL without TLS',
    { more: 'publicUrl: http://sts.example.com' },
    'public-url-plain-http',
  ],
  [
    'no bindings at all',
    { bindings: 'bindings: []', roles: 'roles: { publisher: { account: APP } }' },
    'no-bindings',
  ],
] as const)('%s', ([, sections, id]) => {
  expect(warningsOf(sections).map((warning) => warning.id)).toContain(id);
});

test('a text with a star, and a claim by its long name, are warned of with what to write', () => {
  const bindings = (match: string) =>
    `bindings: [{ name: one, issuer: dev, roles: [publisher], match: ${match} }]`;
  expect(warningsOf({ bindings: bindings('{ sub: "ord*" }') })).toMatchObject([
    {
      level: 'warning',
      path: 'bindings[0].match.sub',
      message:
        '"ord*" is compared literally, including the *: write { glob: "ord*" } for a pattern',
    },
  ]);
  expect(warningsOf({ bindings: bindings('{ subject: x }') })).toMatchObject([
    { path: 'bindings[0].match.subject', message: expect.stringMatching(/: write sub$/) },
  ]);
});
