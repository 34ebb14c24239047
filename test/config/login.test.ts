import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LoginSpec } from '../../src/login/login-spec.ts';
import { BINDINGS, configDirectory, yaml } from './fixture.ts';

const SEALING = `sealingKey: ${Buffer.alloc(32, 7).toString('base64')}`;
const DEV = 'issuer: https://id.example.com, audience: nats-sts';
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

function file(issuer: string, more = SEALING): string {
  return yaml({ issuers: `issuers: { dev: { ${issuer} } }`, more });
}

function loginOf(issuer: string, env: Record<string, string> = {}): LoginSpec {
  using directory = configDirectory();
  const { logins } = directory.load(file(issuer), { KEY: PEM, SECRET: 'geheim', ...env });
  expect(logins).toHaveLength(1);
  return logins[0]!;
}

function problemsOf(issuer: string, more?: string): string[] {
  using directory = configDirectory();
  return directory.problems(file(issuer, more), { KEY: PEM, SECRET: 'geheim' });
}

test('a client id is all that a login must say', () => {
  expect(loginOf(`${DEV}, login: { clientId: sts }`)).toEqual({
    issuerName: 'dev',
    title: 'dev',
    issuer: 'https://id.example.com',
    clientId: 'sts',
    redirectPath: '/login/callback',
    authentication: { method: 'none' },
    scopes: ['openid', 'profile', 'email'],
    sessionSeconds: 8 * 3600,
    idToken: {
      name: 'dev',
      issuers: ['https://id.example.com'],
      keys: { kind: 'discovery', issuer: 'https://id.example.com' },
      algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
      kinds: ['id_token'],
      audiences: ['sts'],
      audienceClaim: 'aud',
      subject: [['sub']],
      require: {},
      leewaySeconds: 30,
      maxTokenLifetimeSeconds: 86_400,
      capToTokenExpiry: false,
      singleUse: false,
      allowInsecureHttp: false,
      maxKeyAgeSeconds: 86_400,
    },
  });
});

test('everything that a login says arrives', () => {
  const login =
    'clientId: sts, clientSecret: { env: SECRET }, scopes: [groups, openid, groups], title: Acme people, session: 12h, redirectPath: /login/callback/acme_people-1';
  expect(loginOf(`${DEV}, login: { ${login} }`)).toMatchObject({
    title: 'Acme people',
    authentication: { method: 'secret', secret: 'geheim' },
    scopes: ['openid', 'groups'],
    sessionSeconds: 12 * 3600,
    redirectPath: '/login/callback/acme_people-1',
  });
});

test("the issuer's own settings hold for its ID tokens, but those of its subject tokens don't", () => {
  const { idToken } = loginOf(
    `${DEV}, kinds: access_token, singleUse: true, maxTokenLifetime: 5m, capToTokenExpiry: true, leeway: 0s, algorithms: ES256, subject: [org, sub], login: { clientId: sts }`,
  );
  expect(idToken).toMatchObject({
    kinds: ['id_token'],
    audiences: ['sts'],
    singleUse: false,
    maxTokenLifetimeSeconds: 86_400,
    capToTokenExpiry: true,
    leewaySeconds: 0,
    algorithms: ['ES256'],
    subject: [['org', 'sub']],
  });
});

test('a longer lifetime than a day stays', () => {
  const { idToken } = loginOf(`${DEV}, maxTokenLifetime: 48h, login: { clientId: sts }`);
  expect(idToken.maxTokenLifetimeSeconds).toBe(2 * 86_400);
});

test('an issuer whose keys are given may have a login, which is discovered all the same', () => {
  const login = loginOf(`${DEV}, jwks: { keys: [{ kty: RSA }] }, login: { clientId: sts }`);
  expect(login).toMatchObject({
    issuer: 'https://id.example.com',
    idToken: { keys: { kind: 'static' } },
  });
});

test('the issuer itself goes on taking what it took: a login changes nothing in it', () => {
  using directory = configDirectory();
  const plain = directory.load(file(DEV));
  const withLogin = directory.load(file(`${DEV}, login: { clientId: sts }`));
  expect(withLogin.issuers).toEqual(plain.issuers);
  expect(plain.logins).toEqual([]);
});

test.for([
  [
    `preset: entra, tenant: ${TENANT}, audience: api://${TENANT}`,
    {
      issuers: [`https://login.microsoftonline.com/${TENANT}/v2.0`],
      subject: [['tid', 'oid']],
      require: { tid: [TENANT] },
    },
  ],
  [
    'preset: cognito, region: us-east-2, pool: us-east-2_A, audience: a',
    { audienceClaim: 'aud', require: { token_use: ['id'] } },
  ],
  [
    'preset: keycloak, issuer: "https://x.example/realms/a", audience: a',
    { require: { typ: ['ID'] } },
  ],
  [
    'preset: okta, issuer: "https://acme.okta.com/oauth2/default", audience: a',
    { subject: [['uid'], ['sub']], require: {} },
  ],
  [
    'preset: okta, issuer: "https://acme.okta.com", kinds: id_token, audience: a',
    { issuers: ['https://acme.okta.com'] },
  ],
  [
    'preset: auth0, domain: acme.eu.auth0.com, audience: a',
    { issuers: ['https://acme.eu.auth0.com/'] },
  ],
  [`preset: pingone, environment: ${TENANT}, audience: a`, { subject: [['sub'], ['client_id']] }],
  ['preset: google, audience: a', { issuers: ['https://accounts.google.com'] }],
] as const)('with %s a login takes the ID tokens of that provider', ([issuer, expected]) => {
  const login = loginOf(`${issuer}, login: { clientId: the-client }`);
  const alike = { kinds: ['id_token'], audiences: ['the-client'], audienceClaim: 'aud' };
  expect(login.idToken).toMatchObject({ ...alike, ...expected });
  expect([login.issuer]).toEqual(login.idToken.issuers);
});

test('at Entra people sign in at one tenant', () => {
  const other = TENANT.replace('7', '8');
  const [problem, ...others] = problemsOf(
    `preset: entra, tenants: [${TENANT}, ${other}], audience: a, login: { clientId: sts }`,
  );
  expect(others).toEqual([]);
  expect(problem).toMatch(/^2 issuers\.dev\.login: needs one tenant/);
});

test.for([
  'preset: github-actions, audience: a',
  'preset: gitlab-ci, audience: a',
  'preset: buildkite, audience: a',
  'preset: kubernetes, issuer: "https://k.example", audience: a',
  'preset: spiffe, issuer: "https://s.example", trustDomain: s.example, audience: a',
])('nobody can sign in at an issuer of machines: %s', (issuer) => {
  const [problem, ...others] = problemsOf(`${issuer}, login: { clientId: sts }`);
  expect(others).toEqual([]);
  expect(problem).toMatch(/^2 issuers\.dev\.login: is for people, but .* machines only/);
});

test.for([
  ['{ }', 'clientId: is missing'],
  ['{ clientId: "" }', 'clientId: is not a client ID'],
  ['{ clientId: sts, scopes: "openid profile" }', 'scopes: is not one scope'],
  ['{ clientId: sts, scopes: [] }', 'scopes: is empty: give at least one scope'],
  ['{ clientId: sts, title: " " }', 'title: is not one line of text'],
  ['{ clientId: sts, title: "a\\nb" }', 'title: is not one line of text'],
  [`{ clientId: sts, title: ${'x'.repeat(61)} }`, 'title: is longer than 60 characters'],
  ['{ clientId: sts, session: 4m59s }', 'session: must be between 5m and 30d'],
  ['{ clientId: sts, session: 31d }', 'session: must be between 5m and 30d'],
  ['{ clientId: sts, session: 8 }', 'session: has no unit'],
  ...[
    '/',
    '/login',
    '/login/callback/',
    '/login/callback/a/b',
    '/login/callback/..',
    '/login/callback/a?b',
    '/login/callback/a%62',
    '/login/callback/é',
    '/login/callbackx',
    'login/callback/a',
    'https://sts.example.com/login/callback',
    `/login/callback/${'x'.repeat(65)}`,
  ].map(
    (path) =>
      [
        `{ clientId: sts, redirectPath: "${path}" }`,
        'redirectPath: is neither /login/callback nor',
      ] as const,
  ),
  ['{ clientId: sts, secret: x }', 'secret: unknown key'],
  ['{ clientId: sts, algorithm: HS256 }', 'algorithm: write one of RS256'],
  ['{ clientId: sts, keyId: k }', 'keyId: applies only to privateKey, which is missing'],
  [
    '{ clientId: sts, algorithm: RS256 }',
    'algorithm: applies only to privateKey, which is missing',
  ],
  ['{ clientId: sts, privateKey: { kty: RSA, d: x } }', 'privateKey: write {file: path}'],
  [
    '{ clientId: sts, privateKey: { env: NONE }, keyId: k }',
    'privateKey: the environment variable',
  ],
  ['{ clientId: sts, privateKey: { env: SECRET } }', 'privateKey: is not a key'],
  [
    '{ clientId: sts, privateKey: { env: KEY }, clientSecret: { env: SECRET } }',
    'privateKey: is given in addition to clientSecret',
  ],
  [
    '{ clientId: sts, privateKey: { env: KEY }, algorithm: ES256 }',
    'algorithm: does not match the key: write RS256 or RS384',
  ],
] as const)('the login %s has one problem: %s', ([login, expected]) => {
  const [problem, ...others] = problemsOf(`${DEV}, login: ${login}`);
  expect(others).toEqual([]);
  expect(problem).toContain(`2 issuers.dev.login.${expected}`);
  expect(problem).not.toMatch(/geheim|BEGIN/);
});

test('a private key signs with RS256 and without a name by default', () => {
  const login = (more = '') =>
    loginOf(`${DEV}, login: { clientId: a, privateKey: { env: KEY }${more} }`);
  const { authentication } = login();
  expect(authentication).toMatchObject({ method: 'private_key_jwt', algorithm: 'RS256' });
  expect(authentication).not.toHaveProperty('keyId');
  expect(login(', algorithm: PS384, keyId: k-1').authentication).toMatchObject({
    algorithm: 'PS384',
    keyId: 'k-1',
    key: { type: 'private', asymmetricKeyType: 'rsa' },
  });
});

test('the name of a JWK comes after the one that is written', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const JWK = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'of-the-jwk' });
  const login = (more = '') =>
    loginOf(`${DEV}, login: { clientId: a, privateKey: { env: JWK }${more} }`, { JWK });
  expect(login().authentication).toMatchObject({ algorithm: 'EdDSA', keyId: 'of-the-jwk' });
  expect(login(', keyId: mine').authentication).toMatchObject({ keyId: 'mine' });
});

test('both secrets are secrets: inline, and in a file that others may read, they are warned of', () => {
  using directory = configDirectory();
  directory.write('login.pem', PEM, 0o644);
  const issuers = `issuers:
  dev: { ${DEV}, login: { clientId: a, clientSecret: inline } }
  two: { issuer: https://two.example.com, audience: a, login: { clientId: a, redirectPath: /login/callback/two, privateKey: ${JSON.stringify(PEM)} } }
  three: { issuer: https://three.example.com, audience: a, login: { clientId: a, redirectPath: /login/callback/three, privateKey: { file: login.pem } } }`;
  const { warnings, files } = directory.load(yaml({ issuers, more: 'sealingKey: { env: K }' }), {
    K: Buffer.alloc(32, 7).toString('base64'),
  });
  expect(warnings.map(({ id, path }) => `${id} ${path}`)).toEqual([
    'secret-file-shared issuers.three.login.privateKey',
    'secret-inline issuers.dev.login.clientSecret',
    'secret-inline issuers.two.login.privateKey',
  ]);
  expect([...files.keys()]).toContain(join(directory.path, 'login.pem'));
});

test('without a sealing key there is no login', () => {
  const [problem, ...others] = problemsOf(`${DEV}, login: { clientId: sts }`, '');
  expect(others).toEqual([]);
  expect(problem).toMatch(/^2 issuers\.dev\.login: .*add sealingKey/);
});

test('a sealing key that cannot be read is not also reported as missing', () => {
  const problems = problemsOf(`${DEV}, login: { clientId: sts }`, 'sealingKey: x');
  expect(problems).toEqual([expect.stringContaining('5 sealingKey: is not 32 bytes')]);
});

test.for([
  [
    'publicUrl: http://sts.example.com',
    '6 publicUrl: is plain http, but sign-in cookies need https',
  ],
  [
    'publicUrl: https://example.com/sts',
    '6 publicUrl: has a path, but session cookies apply to the whole host',
  ],
  [
    'listen: { host: 0.0.0.0, behindProxy: 10.0.0.1 }',
    '2 issuers.dev.login: would redirect browsers to http://0.0.0.0:8080',
  ],
  [
    'listen: { host: "::", behindProxy: 10.0.0.1 }',
    '2 issuers.dev.login: would redirect browsers to',
  ],
  [
    'listen: { host: 10.0.0.2, behindProxy: 10.0.0.1 }',
    '2 issuers.dev.login: is plain http, but sign-in cookies need https',
  ],
] as const)('cookies would not be safe with %s', ([more, expected]) => {
  const [problem, ...others] = problemsOf(
    `${DEV}, login: { clientId: sts }`,
    `${SEALING}\n${more}`,
  );
  expect(others).toEqual([]);
  expect(problem).toContain(expected);
});

test.for([
  'publicUrl: https://sts.example.com/',
  'publicUrl: http://localhost:8080',
  'publicUrl: "http://[::1]:8080"',
  'listen: { host: 127.0.0.1 }',
])('people can sign in with %s', (more) => {
  using directory = configDirectory();
  const text = file(`${DEV}, login: { clientId: sts }`, `${SEALING}\n${more}`);
  expect(directory.load(text).logins).toHaveLength(1);
});

test('two logins of one title are warned of, a title that is the name of another one too', () => {
  using directory = configDirectory();
  const login = (name: string, more = '') =>
    `  ${name}: { issuer: https://${name}.example.com, audience: a, login: { clientId: a, redirectPath: /login/callback/${name}${more} } }`;
  const issuers = ['issuers:', login('dev'), login('two', ', title: dev'), login('three')];
  const { warnings } = directory.load(
    yaml({ issuers: issuers.join('\n'), more: 'sealingKey: { env: K }' }),
    { K: Buffer.alloc(32, 7).toString('base64') },
  );
  expect(warnings).toMatchObject([{ id: 'login-title-twice', path: 'issuers.two.login', line: 4 }]);
});

test('rule: no two logins come back to one address, or a code could go to the wrong issuer (RFC 9700 §4.4)', () => {
  using directory = configDirectory();
  const login = (name: string, more = '') =>
    `  ${name}: { issuer: https://${name}.example.com, audience: a, login: { clientId: a${more} } }`;
  const at = (path: string) => `, redirectPath: ${path}`;
  const problemsOfAll = (...logins: string[]) =>
    directory.problems(yaml({ issuers: ['issuers:', ...logins].join('\n'), more: SEALING }), {});
  const why = 'so one issuer could receive codes of the other';
  expect(problemsOfAll(login('dev'), login('two'), login('three'))).toEqual([
    `4 issuers.two.login.redirectPath: is /login/callback, as for issuers.dev, ${why} (mix-up attack): write redirectPath: /login/callback/two, and register http://127.0.0.1:8080/login/callback/two at this issuer`,
    expect.stringMatching(
      /^5 issuers\.three\.login\.redirectPath: is .*, as for issuers\.dev.*callback\/three/,
    ),
  ]);
  expect(
    problemsOfAll(login('dev', at('/login/callback/x')), login('two', at('/login/callback/x'))),
  ).toEqual([
    expect.stringContaining(
      '4 issuers.two.login.redirectPath: is /login/callback/x, as for issuers.dev',
    ),
  ]);
  const apart = [login('dev'), login('two', at('/login/callback/two'))];
  const { logins } = directory.load(
    yaml({ issuers: ['issuers:', ...apart].join('\n'), more: SEALING }),
  );
  expect(logins.map(({ redirectPath }) => redirectPath)).toEqual([
    '/login/callback',
    '/login/callback/two',
  ]);
});

test('the example in the documentation works, without a warning', () => {
  using directory = configDirectory();
  directory.write('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  directory.write('login.pem', PEM);
  const page = readFileSync(join(import.meta.dirname, '../../docs/config.md'), 'utf8');
  const [, example = ''] = /```yaml\n(publicUrl: [^]*?)```/.exec(page) ?? [];
  const bindings = BINDINGS.replace('issuer: dev', 'issuer: entra');
  const config = directory.load(
    yaml({ issuers: example.replace('./keys/login.pem', 'login.pem'), bindings }),
    { STS_SEALING_KEY: Buffer.alloc(32, 7).toString('base64'), ENTRA_SECRET: 'geheim' },
  );
  expect(config.warnings).toEqual([]);
  expect(config.logins.map(({ title }) => title)).toEqual(['Acme', 'Partners']);
});
