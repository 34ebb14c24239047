import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { memorySingleUse } from '../../src/identity/single-use.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import type { Policy } from '../../src/policy/compile.ts';
import { configDirectory, yaml } from '../config/fixture.ts';

/** A real provider's payload and its variants. */
interface Payload {
  readonly header: { readonly alg: string; readonly kid: string };
  readonly claims: Record<string, unknown>;
  readonly variants?: readonly {
    readonly name: string;
    readonly header?: Payload['header'];
    readonly claims: Record<string, unknown>;
  }[];
}

/** One token: which issuer entry takes it, which binding is held against it, and what comes out. */
interface Row {
  readonly file: string;
  readonly variant: string;
  readonly issuer: string;
  readonly match: string;
  /** The identity's subject when granted, else the reason of the refusal. */
  readonly expected: { readonly subject: string } | { readonly refused: string };
  /** Claims put in place of the payload's, where a field sample lacks what the provider can add. */
  readonly claims?: Record<string, unknown>;
}

const granted = (subject: string) => ({ subject });
const refused = (reason: string) => ({ refused: reason });

const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const STS = 'audience: https://nats-sts.example.com';

const GITHUB = `{ preset: github-actions, ${STS} }`;
const GITHUB_MAIN =
  '{ repository_owner_id: "123456", repository_id: "456789", ref: refs/heads/main }';
const GITLAB = `{ preset: gitlab-ci, host: gitlab.example.com, ${STS} }`;
const BUILDKITE = `{ preset: buildkite, ${STS} }`;
const EKS =
  '{ preset: kubernetes, issuer: https://oidc.eks.us-east-2.amazonaws.com/id/2F331C82755EF3E43731C8D6E299FAEF, audience: nats-sts }';
const IN_CLUSTER =
  '{ preset: kubernetes, issuer: https://kubernetes.default.svc.cluster.local, audience: https://kubernetes.default.svc.cluster.local }';
const ENTRA = `{ preset: entra, tenant: ${TENANT}, audience: "api://6e74172b-be56-4843-9ff4-e66a39bb12e3" }`;
const ENTRA_SUBJECT = `${TENANT}/690222be-ff1a-4d56-abd1-7e4f7d38e474`;
const OKTA =
  '{ preset: okta, issuer: https://acme.okta.com/oauth2/default, audience: api://nats-sts }';
const OKTA_ID =
  '{ preset: okta, issuer: https://acme.okta.com, audience: 0oa1exampleClientId, kinds: [id_token] }';
const AUTH0 = `{ preset: auth0, domain: acme.eu.auth0.com, ${STS} }`;
const POOL =
  'preset: cognito, region: us-east-2, pool: us-east-2_SF2DCPO5Y, audience: 617jkna9pqeg8rmgtg9uv4e6j4';
const PINGONE = `{ preset: pingone, environment: 7334523a-0000-4a4f-8b60-0123456789ab, ${STS} }`;
const KEYCLOAK =
  '{ preset: keycloak, issuer: https://keycloak.example.com/realms/acme, audience: nats-sts }';
const SPIRE =
  '{ preset: spiffe, issuer: https://spire.example.org, trustDomain: example.org, audience: nats-sts }';
const GOOGLE_PERSON = '{ preset: google, audience: 1234987819200.apps.googleusercontent.com }';

// biome-ignore format: a table reads best with one row a line
const TABLE: readonly Row[] = [
  { file: 'auth0', variant: '', issuer: AUTH0, match: '{ permissions: "nats:pub" }', expected: granted('auth0|507f1f77bcf86cd799439020') },
  { file: 'auth0', variant: 'rfc9068', issuer: AUTH0, match: '{ client_id: my_client_id }', expected: granted('auth0|123456') },
  { file: 'auth0', variant: 'm2m', issuer: AUTH0, match: '{ gty: client-credentials, azp: my_client_id }', expected: granted('my_client_id@clients') },
  { file: 'buildkite', variant: '', issuer: BUILDKITE, match: '{ organization_id: 0184990a-477b-4fa8-9968-496074483000, build_branch: main }', expected: granted('organization:acme-inc:pipeline:orders:ref:refs/heads/main:commit:750339bffa630404607f73dd8ed2f2c4de3670c7:step:deploy') },
  { file: 'buildkite', variant: '', issuer: BUILDKITE, match: '{ organization_id: 00000000-0000-0000-0000-000000000000 }', expected: refused('no_binding') },
  { file: 'cognito-access', variant: '', issuer: `{ ${POOL} }`, match: '{ "cognito:groups": nats-publishers }', expected: granted('c27a05a2-4ce1-4173-be51-9bbc3fe65a0a') },
  { file: 'cognito-access', variant: '', issuer: `{ ${POOL}, kinds: [id_token] }`, match: '{ "cognito:groups": nats-publishers }', expected: refused('token_kind_not_allowed') },
  { file: 'cognito-id', variant: '', issuer: `{ ${POOL}, kinds: [id_token] }`, match: '{ "cognito:groups": nats-publishers }', expected: granted('c27a05a2-4ce1-4173-be51-9bbc3fe65a0a') },
  { file: 'cognito-id', variant: '', issuer: `{ ${POOL} }`, match: '{ "cognito:groups": nats-publishers }', expected: refused('token_kind_not_allowed') },
  { file: 'entra-groups-overage', variant: '', issuer: ENTRA, match: '{ groups: 0d1e2f3a-1111-2222-3333-444455556666 }', expected: refused('groups_overage') },
  { file: 'entra-groups-overage', variant: '', issuer: ENTRA, match: '{ roles: Nats.Publisher }', expected: granted(ENTRA_SUBJECT) },
  { file: 'entra-groups-overage', variant: 'hasgroups', issuer: ENTRA, match: '{ groups: { not: 0d1e2f3a-1111-2222-3333-444455556666 } }', expected: refused('groups_overage') },
  { file: 'entra-managed-identity', variant: '', issuer: ENTRA, match: '{ oid: bb11cc22-0000-4444-8888-99990000aaaa }', expected: granted(`${TENANT}/bb11cc22-0000-4444-8888-99990000aaaa`) },
  { file: 'entra-v1-user', variant: '', issuer: ENTRA, match: '{ oid: 690222be-ff1a-4d56-abd1-7e4f7d38e474 }', expected: granted(ENTRA_SUBJECT) },
  { file: 'entra-v2-app-only', variant: '', issuer: ENTRA, match: '{ roles: Nats.Service }', expected: granted(`${TENANT}/a1b2c3d4-1111-2222-3333-444455556666`) },
  { file: 'entra-v2-user', variant: '', issuer: ENTRA, match: '{ roles: Nats.Publisher }', expected: granted(ENTRA_SUBJECT) },
  { file: 'entra-v2-user', variant: '', issuer: `{ preset: entra, tenants: [${TENANT}, 00000000-0000-0000-0000-000000000001], audience: 6e74172b-be56-4843-9ff4-e66a39bb12e3 }`, match: '{ roles: Nats.Publisher }', expected: granted(ENTRA_SUBJECT) },
  { file: 'entra-v2-user', variant: '', issuer: ENTRA, match: '{ roles: Nats.Publisher }', claims: { tid: '00000000-0000-0000-0000-000000000001' }, expected: refused('tenant_not_allowed') },
  { file: 'entra-v2-user', variant: '', issuer: '{ preset: entra, tenant: 00000000-0000-0000-0000-000000000001, audience: 6e74172b-be56-4843-9ff4-e66a39bb12e3 }', match: '{ roles: Nats.Publisher }', expected: refused('issuer_unknown') },
  { file: 'github-actions', variant: '', issuer: GITHUB, match: GITHUB_MAIN, expected: granted('repo:acme-corp/orders:ref:refs/heads/main') },
  { file: 'github-actions', variant: 'immutable-sub', issuer: GITHUB, match: GITHUB_MAIN, expected: granted('repo:acme-corp@123456/orders@456789:ref:refs/heads/main') },
  { file: 'github-actions', variant: 'environment', issuer: GITHUB, match: '{ repository_id: "456789", environment: production }', expected: granted('repo:acme-corp/orders:environment:production') },
  { file: 'github-actions', variant: 'pull_request-from-fork', issuer: GITHUB, match: GITHUB_MAIN, expected: refused('no_binding') },
  { file: 'github-actions', variant: 'reusable-workflow', issuer: GITHUB, match: '{ repository_owner_id: "123456", job_workflow_ref: "acme-corp/ci/.github/workflows/deploy.yml@refs/tags/v3" }', expected: granted('repo:acme-corp/orders:ref:refs/heads/main') },
  { file: 'github-actions', variant: 'custom-sub-template', issuer: GITHUB, match: GITHUB_MAIN, expected: granted('repository_owner:acme-corp:repository_visibility:private') },
  { file: 'github-actions', variant: 'repojacked-lookalike (must be DENIED)', issuer: GITHUB, match: GITHUB_MAIN, expected: refused('no_binding') },
  { file: 'github-actions', variant: '', issuer: `{ preset: github-actions, enterprise: acme, ${STS} }`, match: GITHUB_MAIN, expected: refused('issuer_unknown') },
  { file: 'github-actions', variant: '', issuer: GITHUB, match: GITHUB_MAIN, claims: { exp: 1_795_343_701 }, expected: refused('token_lifetime_too_long') },
  { file: 'gitlab-ci', variant: '', issuer: GITLAB, match: '{ project_id: "20", job_project_id: "20", ref_path: refs/heads/main }', expected: granted('project_path:acme/orders:ref_type:branch:ref:main') },
  { file: 'gitlab-ci', variant: 'fork-mr-in-target-project', issuer: GITLAB, match: '{ project_id: "20", job_project_id: "20" }', expected: refused('no_binding') },
  { file: 'google-service-account', variant: '', issuer: `{ preset: google, ${STS} }`, match: '{ sub: "110987294251917851298" }', expected: granted('110987294251917851298') },
  { file: 'google-service-account', variant: '', issuer: `{ preset: google, ${STS} }`, match: '{ email: orders@acme-prod.iam.gserviceaccount.com }', claims: { email_verified: false }, expected: refused('no_binding') },
  { file: 'google-user', variant: '', issuer: GOOGLE_PERSON, match: '{ sub: "110169484474386276334", hd: example.com }', expected: granted('110169484474386276334') },
  { file: 'google-user', variant: '', issuer: GOOGLE_PERSON, match: '{ sub: "110169484474386276334", hd: example.com }', claims: { iss: 'accounts.google.com' }, expected: refused('issuer_unknown') },
  { file: 'keycloak', variant: '', issuer: KEYCLOAK, match: '{ /realm_access/roles: nats-publisher }', expected: granted('fd8fc3d3-0a39-41f7-9468-45926f658e41') },
  { file: 'keycloak', variant: '', issuer: KEYCLOAK, match: '{ realm_access.roles: nats-publisher }', expected: refused('no_binding') },
  { file: 'keycloak', variant: '', issuer: KEYCLOAK, match: '{ /realm_access/roles: nats-publisher }', claims: { typ: 'ID' }, expected: refused('token_kind_not_allowed') },
  { file: 'keycloak', variant: '', issuer: KEYCLOAK, match: '{ /realm_access/roles: nats-publisher }', claims: { typ: undefined }, expected: refused('claim_missing') },
  { file: 'keycloak', variant: '', issuer: KEYCLOAK, match: '{ /realm_access/roles: nats-publisher }', claims: { typ: 'Refresh' }, expected: refused('token_kind_not_allowed') },
  { file: 'keycloak', variant: '', issuer: KEYCLOAK, match: '{ /realm_access/roles: nats-publisher }', claims: { aud: 'account' }, expected: refused('audience_mismatch') },
  { file: 'keycloak', variant: 'service-account', issuer: KEYCLOAK, match: '{ /resource_access/nats-sts/roles: publisher }', expected: granted('1f1f1f1f-0000-4444-8888-99990000aaaa') },
  { file: 'kubernetes-sa', variant: '', issuer: EKS, match: '{ /kubernetes.io/namespace: orders, /kubernetes.io/serviceaccount/name: orders }', expected: granted('system:serviceaccount:orders:orders') },
  { file: 'kubernetes-sa', variant: 'default-in-pod-1y', issuer: IN_CLUSTER, match: '{ sub: "system:serviceaccount:default:default" }', expected: refused('token_lifetime_too_long') },
  { file: 'kubernetes-sa', variant: 'legacy-secret-token (must be DENIED: no exp, no aud)', issuer: IN_CLUSTER, match: '{ sub: "system:serviceaccount:default:x" }', expected: refused('issuer_unknown') },
  { file: 'kubernetes-sa', variant: 'legacy-secret-token (must be DENIED: no exp, no aud)', issuer: IN_CLUSTER, match: '{ sub: "system:serviceaccount:default:x" }', claims: { iss: 'https://kubernetes.default.svc.cluster.local' }, expected: refused('claim_missing') },
  { file: 'okta-access', variant: '', issuer: OKTA, match: '{ groups: nats-publishers }', expected: granted('00u1exampleUser') },
  { file: 'okta-access', variant: 'client-credentials', issuer: OKTA, match: '{ cid: 0oa1exampleClientId }', expected: granted('0oa1exampleClientId') },
  { file: 'okta-access', variant: 'id_token', issuer: OKTA_ID, match: '{ sub: 00u1exampleUser }', expected: granted('00u1exampleUser') },
  { file: 'okta-access', variant: 'id_token', issuer: OKTA, match: '{ sub: 00u1exampleUser }', claims: { iss: 'https://acme.okta.com/oauth2/default', aud: 'api://nats-sts' }, expected: refused('token_kind_not_allowed') },
  { file: 'pingone', variant: '', issuer: PINGONE, match: '{ groups: nats-publishers }', expected: granted('88e8ff00-0000-4f4b-91aa-0123456789ab') },
  { file: 'pingone', variant: 'client_credentials', issuer: PINGONE, match: '{ client_id: 5f7d1e0a-0000-4c4b-8f3a-0123456789ab }', expected: granted('5f7d1e0a-0000-4c4b-8f3a-0123456789ab') },
  { file: 'pingone', variant: 'client_credentials', issuer: PINGONE, match: '{ sub: 5f7d1e0a-0000-4c4b-8f3a-0123456789ab }', expected: refused('no_binding') },
  { file: 'spiffe-jwt-svid', variant: '', issuer: SPIRE, match: '{ sub: spiffe://example.org/ns/orders/sa/orders }', expected: refused('claim_missing') },
  { file: 'spiffe-jwt-svid', variant: '', issuer: SPIRE.replace('trustDomain: example.org', 'trustDomain: example'), match: '{ sub: spiffe://example.org/ns/orders/sa/orders }', claims: { iss: 'https://spire.example.org' }, expected: refused('tenant_not_allowed') },
  { file: 'spiffe-jwt-svid', variant: '', issuer: SPIRE, match: '{ sub: spiffe://example.org/ns/orders/sa/orders }', claims: { iss: 'https://spire.example.org' }, expected: granted('spiffe://example.org/ns/orders/sa/orders') },
];

const CLAIMS = join(import.meta.dirname, '../claims');
const payloads = new Map(
  readdirSync(CLAIMS).map((name) => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(join(CLAIMS, name), 'utf8')) as Payload,
  ]),
);

describe('tokens of real providers, each through its preset and one binding', () => {
  test.for(TABLE)('$file $variant $match', async (row) => {
    const { claims, header } = tokenOf(row);
    const { token, jwks } = await signed(claims, header);
    using directory = configDirectory();
    directory.write('jwks.json', JSON.stringify(jwks));
    const config = directory.load(
      yaml({
        issuers: `issuers: { provider: ${row.issuer.replace(/\}$/, ', jwks: { file: ./jwks.json } }')} }`,
        bindings: `bindings: [{ name: b, issuer: provider, match: ${row.match}, roles: [publisher] }]`,
      }),
    );
    const clock = { now: () => Number(claims['iat'] ?? 1_795_343_400) * 1000 };
    const verifier = createVerifier({
      issuers: config.issuers,
      clock,
      singleUse: memorySingleUse({ clock }),
      tokenBytes: config.limits.tokenBytes,
    });

    const identity = await verifier.verify(token);
    verifier.close();
    expect(verdict(identity, config.policy)).toEqual(row.expected);
  });
});

test('every payload and every variant has a row', () => {
  const rows = new Set(TABLE.map(({ file, variant }) => `${file}: ${variant}`));
  const all = [...payloads].flatMap(([file, { variants = [] }]) =>
    ['', ...variants.map(({ name }) => name)].map((variant) => `${file}: ${variant}`),
  );
  expect(all.filter((name) => !rows.has(name))).toEqual([]);
});

test('a variant that must be denied is never granted', () => {
  const denied = TABLE.filter(({ variant }) => variant.includes('must be DENIED'));
  expect(denied.length).toBeGreaterThan(0);
  expect(denied.filter(({ expected }) => !('refused' in expected))).toEqual([]);
});

function verdict(identity: Identity | Refusal, policy: Policy): Row['expected'] {
  if (identity instanceof Refusal) return refused(identity.reason);
  const decision = policy.decide(identity, {});
  return 'grant' in decision ? granted(identity.subject) : refused(decision.denial.refusal.reason);
}

function tokenOf({ file, variant, claims }: Row): {
  claims: Record<string, unknown>;
  header: Payload['header'];
} {
  const payload = payloads.get(file);
  const source = variant === '' ? payload : payload?.variants?.find(({ name }) => name === variant);
  if (!payload || !source) throw new Error(`no payload ${file} ${variant}`);
  return {
    claims: { ...source.claims, ...claims },
    header: source.header ?? payload.header,
  };
}

/** Signs with a fresh key, and gives the key set that it is in. */
async function signed(claims: Record<string, unknown>, header: Payload['header']) {
  const { privateKey, publicKey } = await generateKeyPair(header.alg);
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  const jwk = await exportJWK(publicKey);
  return { token, jwks: { keys: [{ ...jwk, kid: header.kid, alg: header.alg, use: 'sig' }] } };
}
