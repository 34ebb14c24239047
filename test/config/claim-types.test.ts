import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../src/config/presets/index.ts';
import { typeOfClaim } from '../../src/config/presets/claim-facts.ts';
import { parseClaimPath, lookUp } from '../../src/identity/claims.ts';
import type { Claims, Json } from '../../src/identity/identity.ts';
import { providerClaims } from '../policy/support.ts';
import { ACCOUNTS, configDirectory, yaml } from './fixture.ts';

const ISSUERS = {
  github: '{ preset: github-actions, audience: a }',
  plainGithub: '{ issuer: "https://token.actions.githubusercontent.com", audience: a }',
  gitlab: '{ preset: gitlab-ci, audience: a }',
  buildkite: '{ preset: buildkite, audience: a }',
  keycloak: '{ preset: keycloak, issuer: "https://id.example.com/realms/a", audience: a }',
  google: '{ preset: google, audience: a }',
  dev: '{ issuer: "https://id.example.com", audience: a }',
} as const;

/** What `check` says of a condition's types: an error, a warning, or nothing. */
function verdict(issuer: keyof typeof ISSUERS, rule: string): string {
  using directory = configDirectory();
  const text = yaml({
    issuers: `issuers: { x: ${ISSUERS[issuer]} }`,
    bindings: `bindings: [{ name: b, issuer: x, roles: [publisher], ${rule} }]`,
  });
  const warned = (() => {
    try {
      return directory.load(text).warnings.filter(({ id }) => id === 'claim-type');
    } catch {
      return undefined;
    }
  })();
  if (warned) return warned.map(({ message }) => message.split(':')[0]).join();
  return `error, ${directory.problems(text).join()}`;
}

// biome-ignore format: a table reads best with one row a line
test.for([
  ['github', 'match: { repository_id: "1", ref_protected: "true" }', ''],
  ['github', 'match: { repository_id: "1", ref_protected: true }', 'never matches'],
  ['github', 'match: { repository_id: 1 }', 'never matches'],
  ['plainGithub', 'match: { repository_id: 1 }', 'never matches'],
  ['github', 'match: { /repository_id: 1 }', 'never matches'],
  ['github', 'match: { repository_id: [1, 2] }', 'never matches'],
  ['github', 'match: { repository_id: [1, "1"] }', ''],
  ['github', 'match: { repository_id: { all: [1, "1"] } }', 'never matches'],
  ['github', 'match: { repository_id: ["1"], ref_protected: { not: { not: true } } }', 'never matches'],
  ['github', 'match: { repository_id: ["1"], ref_protected: { not: true } }', 'error'],
  ['github', 'match: { repository_id: ["1"], ref_protected: { not: [true] } }', 'error'],
  ['github', 'match: { repository_id: ["1"], ref_protected: { not: [true, "true"] } }', ''],
  ['github', 'match: { repository_id: ["1"], ref_protected: ["x", { not: true }] }', 'error'],
  ['github', 'match: { repository_id: ["1"], ref_protected: { all: [{ not: true }, { not: "true" }] } }', ''],
  ['github', 'match: { repository_id: { glob: "1*" } }', ''],
  ['gitlab', 'match: { project_id: "1", user_id: { not: [42] } }', 'error'],
  ['gitlab', 'match: { project_id: "1", runner_id: 42 }', ''],
  ['gitlab', 'match: { project_id: "1", runner_id: "42" }', 'never matches'],
  ['gitlab', 'match: { project_id: "1", runner_id: { glob: "4*" } }', 'never matches'],
  ['gitlab', 'match: { project_id: "1", runner_id: { not: { regex: "4.*" } } }', 'error'],
  ['gitlab', 'match: { project_id: "1", groups_direct: { not: 7 } }', 'error'],
  ['buildkite', 'match: { organization_id: o, build_number: "7" }', 'never matches'],
  ['keycloak', 'match: { /realm_access/roles: 7 }', 'never matches'],
  ['keycloak', 'match: { email: a@b.c, email_verified: "true" }', 'never matches'],
  ['google', 'match: { sub: 1234 }', 'never matches'],
  ['dev', 'match: { sub: 42 }', 'never matches'],
  ['dev', 'match: { iss: x, exp: { not: "1" } }', 'error'],
  ['dev', 'match: { level: 42, admin: { not: "true" } }', ''],
  ['github', `when: 'claims.repository_id == "1" && claims.ref_protected == "true"'`, ''],
  ['github', `when: 'claims.repository_id == 1'`, 'never matches for repository_id'],
  ['github', `when: '1 == claims.repository_id'`, 'never matches for repository_id'],
  ['github', `when: 'claims["repository_id"] in [1, 2]'`, 'never matches for repository_id'],
  ['github', `when: 'claims.run_number > 5'`, 'never matches for run_number'],
  ['github', `when: 'claims.ref_protected != true'`, 'error'],
  ['github', `when: '!(claims.ref_protected == true)'`, 'error'],
  ['github', `when: '!(claims.ref_protected in [true])'`, 'error'],
  ['github', `when: 'claims.ref_protected != true && claims.ref_protected != "true"'`, ''],
  ['gitlab', `when: '!("7" in claims.groups_direct)'`, ''],
  ['gitlab', `when: '!(7 in claims.groups_direct)'`, 'error'],
  ['keycloak', `when: 'claims.realm_access.roles == 1'`, 'never matches for /realm_access/roles'],
  ['dev', `when: 'claims.level == 1 && claims.x != "true"'`, ''],
] as const)('%s, %s: %s', ([issuer, rule, expected]) => {
  const said = verdict(issuer, rule);
  expect(said.startsWith('error') ? 'error' : said).toBe(expected);
});

test('an error says which value excludes nobody, and what to write', () => {
  expect(verdict('github', 'match: { repository_id: "1", ref_protected: { not: true } }')).toBe(
    'error, 4 bindings[0].match.ref_protected: excludes nobody: tokens of GitHub Actions have text here, but true is true or false; write "true", in quotes',
  );
});

test('admin rules get the same warnings', () => {
  using directory = configDirectory();
  const more = 'admin: [{ issuer: dev, match: { sub: { not: 7 } } }]';
  expect(directory.problems(yaml({ more }))).toEqual([
    expect.stringContaining('admin[0].match.sub: excludes nobody'),
  ]);
});

/** Payloads as providers really issue them → the preset that knows them. */
const PAYLOADS = {
  'github-actions': 'github-actions',
  'gitlab-ci': 'gitlab-ci',
  buildkite: 'buildkite',
  'kubernetes-sa': 'kubernetes',
  'spiffe-jwt-svid': 'spiffe',
  'entra-v1-user': 'entra',
  'entra-v2-user': 'entra',
  'entra-v2-app-only': 'entra',
  'entra-managed-identity': 'entra',
  'entra-groups-overage': 'entra',
  'okta-access': 'okta',
  auth0: 'auth0',
  'cognito-access': 'cognito',
  'cognito-id': 'cognito',
  pingone: 'pingone',
  keycloak: 'keycloak',
  'google-user': 'google',
  'google-service-account': 'google',
} as const;

describe.each(Object.entries(PAYLOADS))('a real token of %s', (payload, id) => {
  const facts = PRESETS.find((preset) => preset.id === id)?.claims ?? {};

  test('has the types that its preset knows', () => {
    const claims: Claims = providerClaims(payload);
    const names = [...Object.keys(claims), ...Object.values(facts).flat()];
    const wrong = names.filter((name) => {
      const type = typeOfClaim(facts, name);
      const value = lookUp(claims, parseClaimPath(name));
      return type !== undefined && value !== undefined && value !== null && !isOf(type, value);
    });
    expect(wrong).toEqual([]);
    expect(names.filter((name) => typeOfClaim(facts, name) !== undefined).length).toBeGreaterThan(
      3,
    );
  });
});

function isOf(type: 'text' | 'number' | 'flag', value: Json): boolean {
  const js = { text: 'string', number: 'number', flag: 'boolean' }[type];
  return [value].flat().every((element) => typeof element === js);
}

describe('ids with upper-case letters in a role', () => {
  const OKTA = '{ preset: okta, issuer: "https://acme.okta.com/oauth2/default", audience: a }';
  const TERRAFORM = '{ issuer: "https://app.terraform.io", audience: a }';

  // biome-ignore format: a table reads best with one row a line
  test.for([
    ['scoped', OKTA, 'a.{{claims.uid}}', true],
    ['scoped', OKTA, 'a.{{subject}}', true],
    ['scoped', OKTA, 'a.{{claims.uid | token}}', false],
    ['scoped', OKTA, 'a.{{claims.name}}', false],
    ['scoped', OKTA, '{{claims.uid}}{{claims.cid}}', false],
    ['direct', OKTA, 'a.{{claims.uid}}', false],
    ['scoped', TERRAFORM, 'a.{{claims.terraform_run_id}}', true],
    ['scoped', TERRAFORM, 'a.{{claims.terraform_run_phase}}', false],
    ['scoped', ISSUERS.dev, 'a.{{claims.terraform_run_id}}', false],
  ] as const)('signed %s, of %s, as %s: %s', ([signing, issuer, subject, warned]) => {
    using directory = configDirectory();
    const role = signing === 'scoped' ? ', role: publisher' : '';
    const { warnings } = directory.load(
      yaml({
        accounts: ACCOUNTS.replace('{ env: SEED }', `{ seed: { env: SEED }${role} }`),
        issuers: `issuers: { dev: ${issuer} }`,
        roles: `roles: { publisher: { account: APP, publish: { allow: ["${subject}"] } } }`,
      }),
    );
    expect(warnings.some(({ id }) => id === 'scoped-upper-case')).toBe(warned);
  });
});
