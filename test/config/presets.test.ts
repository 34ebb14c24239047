import { expect, test } from 'vitest';
import { PRESETS } from '../../src/config/presets/index.ts';
import { BINDINGS, configDirectory, yaml } from './fixture.ts';

/** Problems of one issuer entry, without their place. */
function problemsOf(entry: string): string[] {
  using directory = configDirectory();
  const issuers = `issuers: { dev: ${entry} }`;
  return directory
    .problems(yaml({ issuers }))
    .map((problem) => problem.replace(/^2 issuers\.dev\.?/, ''));
}

function specOf(entry: string) {
  using directory = configDirectory();
  const [issuer] = directory.load(yaml({ issuers: `issuers: { dev: ${entry} }` })).issuers;
  return issuer!;
}

test.for([
  [
    'http://id.example.com',
    'must begin with https:// (plain http is allowed only for loopback hosts)',
  ],
  [
    'http://localhost.example.com',
    'must begin with https:// (plain http is allowed only for loopback hosts)',
  ],
  [
    'http://127.0.0.1:9000',
    'is plain http: use https, or add allowInsecureHttp: true for this loopback host',
  ],
  ['https://user@id.example.com', 'contains a user name: remove everything up to the @'],
  ['https://id.example.com@evil.example', 'contains a user name: remove everything up to the @'],
  ['https://@evil.example', 'contains a user name: remove everything up to the @'],
  ['https://id.example.com?x=1', 'contains a query: remove everything from the ?'],
  ['https://id.example.com?', 'contains a query: remove everything from the ?'],
  ['https://id.example.com#', 'contains a fragment: remove everything from the #'],
  ['https://id.exämple.com', 'is not a URL such as https://id.example.com'],
  [' https://id.example.com', 'is not a URL such as https://id.example.com'],
  ['https:\\\\id.example.com', 'is not a URL such as https://id.example.com'],
  ['ftp://id.example.com', 'must begin with https://'],
  ['id.example.com', 'is not a URL such as https://id.example.com'],
] as const)('the issuer "%s" is refused', ([issuer, message]) => {
  expect(problemsOf(`{ issuer: '${issuer}', audience: a }`)).toEqual([`issuer: ${message}`]);
  expect(problemsOf(`{ issuer: 'https://ok.example', jwksUri: '${issuer}', audience: a }`)).toEqual(
    [`jwksUri: ${message}`],
  );
});

test('an issuer is kept byte for byte', () => {
  for (const issuer of ['https://ID.Example.com:443/a/../b/', 'https://x.example/%7Ea']) {
    expect(specOf(`{ issuer: '${issuer}', audience: a }`).issuers).toEqual([issuer]);
  }
});

test('a realm of Keycloak may sign with every algorithm that it offers, HMAC aside', () => {
  const { algorithms } = specOf(
    '{ preset: keycloak, issuer: "https://kc.example.com/realms/acme", audience: a }',
  );
  for (const family of ['RS', 'PS', 'ES']) {
    for (const bits of [256, 384, 512]) expect(algorithms).toContain(`${family}${bits}`);
  }
  expect(algorithms).toEqual(expect.arrayContaining(['EdDSA', 'Ed25519']));
});

test('plain http is for loopback hosts, even where it is allowed', () => {
  expect(
    specOf('{ issuer: "http://[::1]:9000", audience: a, allowInsecureHttp: true }'),
  ).toMatchObject({ issuers: ['http://[::1]:9000'], allowInsecureHttp: true });
  expect(
    problemsOf('{ issuer: "http://10.0.0.1", audience: a, allowInsecureHttp: true }'),
  ).toHaveLength(1);
});

test.for([
  ['{ issuer: "https://x.example" }', 'audience: is missing'],
  [
    '{ issuer: "https://x.example", audience: [] }',
    'audience: is empty: give at least one audience',
  ],
  ['{ issuer: "https://x.example", audience: "" }', 'audience: is empty'],
  ['{ audience: a }', 'issuer: is missing'],
  [
    '{ issuer: "https://x.example", audiance: a }',
    'audiance: unknown key (did you mean "audience"?)',
  ],
  ['{ preset: github-actions, audience: a, tenant: x }', 'tenant: unknown key'],
  ['{ preset: 5, audience: a }', 'preset: unknown preset'],
  ['{ preset: github-actions, audience: a, host: https://ghes.example }', 'host: is not a host'],
  [
    '{ preset: github-actions, audience: a, host: x.ghe.com, enterprise: e }',
    'enterprise: works only with github.com',
  ],
  ['{ preset: entra, audience: a }', 'tenant: is missing'],
  ['{ preset: entra, audience: a, tenant: common }', 'tenant: is not a tenant ID'],
  [
    '{ preset: okta, audience: a, issuer: "https://acme.okta.com" }',
    'issuer: is the org authorization server',
  ],
  [
    '{ preset: cognito, audience: a, region: us-east-2, pool: us-east-1_A }',
    'pool: does not begin with the region',
  ],
  [
    '{ preset: cognito, audience: a, region: us-east-2, pool: us-east-2_A, kinds: [id_token, access_token] }',
    'kinds: write either',
  ],
  [
    '{ preset: keycloak, audience: a, issuer: "https://x.example", kinds: jwt }',
    'kinds: contains jwt, but every token of Keycloak',
  ],
  [
    '{ preset: kubernetes, audience: a, issuer: kubernetes/serviceaccount }',
    'issuer: is not a URL',
  ],
  [
    '{ issuer: "https://x.example", audience: a, algorithms: [HS256] }',
    'algorithms[0]: write one of RS256',
  ],
  ['{ issuer: "https://x.example", audience: a, jwks: { keys: [{ kty: RSA, d: x }] } }', 'jwks: '],
  ['{ issuer: "https://x.example", audience: a, jwks: { keys: [{ kty: oct, k: x }] } }', 'jwks: '],
  ['{ issuer: "https://x.example", audience: a, jwks: "not json" }', 'jwks: '],
] as const)('%s is refused', ([entry, problem]) => {
  const problems = problemsOf(entry);
  expect(problems.join('\n')).toContain(problem);
});

test.for([
  ['{ preset: github-actions, audience: a }', 'https://token.actions.githubusercontent.com'],
  [
    '{ preset: github-actions, audience: a, enterprise: acme }',
    'https://token.actions.githubusercontent.com/acme',
  ],
  [
    '{ preset: github-actions, audience: a, host: acme.ghe.com }',
    'https://token.actions.acme.ghe.com',
  ],
  [
    '{ preset: github-actions, audience: a, host: git.acme.com }',
    'https://git.acme.com/_services/token',
  ],
  ['{ preset: gitlab-ci, audience: a }', 'https://gitlab.com'],
  ['{ preset: auth0, audience: a, domain: acme.eu.auth0.com }', 'https://acme.eu.auth0.com/'],
] as const)('%s takes the issuer %s', ([entry, issuer]) => {
  expect(specOf(entry)).toMatchObject({
    issuers: [issuer],
    keys: { kind: 'discovery', issuer },
  });
});

test('Entra takes both versions of its issuer, and keys from where both find them', () => {
  const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
  expect(specOf(`{ preset: entra, audience: a, tenant: ${tenant} }`)).toMatchObject({
    issuers: [
      `https://login.microsoftonline.com/${tenant}/v2.0`,
      `https://sts.windows.net/${tenant}/`,
    ],
    keys: { kind: 'url', url: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys` },
    subject: [['tid', 'oid']],
    require: { tid: [tenant] },
  });
});

test("an operator's own settings come before the preset's", () => {
  expect(
    specOf(
      '{ preset: github-actions, audience: [a, b], maxTokenLifetime: 1h, algorithms: ES256, kinds: id_token, subject: [repository_id, ref], leeway: 0s, singleUse: true, capToTokenExpiry: "true", maxKeyAge: 1h, jwksUri: "https://x.example/keys" }',
    ),
  ).toEqual({
    name: 'dev',
    issuers: ['https://token.actions.githubusercontent.com'],
    keys: { kind: 'url', url: 'https://x.example/keys' },
    algorithms: ['ES256'],
    kinds: ['id_token'],
    audiences: ['a', 'b'],
    audienceClaim: 'aud',
    subject: [['repository_id', 'ref']],
    require: {},
    leewaySeconds: 0,
    maxTokenLifetimeSeconds: 3600,
    capToTokenExpiry: true,
    singleUse: true,
    allowInsecureHttp: false,
    maxKeyAgeSeconds: 3600,
  });
});

test.for(PRESETS.map(({ title, doc }) => [title, doc.example] as const))(
  'the example in the documentation of %s works, without a warning',
  ([, example]) => {
    using directory = configDirectory();
    const roles = 'roles: { orders-publisher: { account: APP, publish: { allow: ["orders.>"] } } }';
    const [issuers = '', bindings = BINDINGS] = example.split(/^(?=bindings:)/m);
    expect(directory.load(yaml({ issuers, roles, bindings })).warnings).toEqual([]);
  },
);
