import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { readHeader, type TokenHeader } from '../../src/identity/header.ts';
import type { Claims } from '../../src/identity/identity.ts';
import { kindOf } from '../../src/identity/kind.ts';

const PLAIN: TokenHeader = { alg: 'RS256', kid: undefined, accessToken: false };
const ACCESS: TokenHeader = { ...PLAIN, accessToken: true };

function kind(claims: Claims, header = PLAIN): string {
  const found = kindOf(header, claims);
  return found instanceof Refusal ? found.reason : found.kind;
}

/** The payloads of real providers, with what each is. */
const PROVIDERS: Record<string, string> = {
  auth0: 'access_token',
  'auth0 rfc9068': 'access_token',
  'auth0 m2m': 'access_token',
  buildkite: 'jwt',
  'cognito-access': 'access_token',
  'cognito-id': 'id_token',
  'entra-groups-overage': 'access_token',
  'entra-groups-overage hasgroups': 'access_token',
  'entra-managed-identity': 'access_token',
  'entra-v1-user': 'access_token',
  'entra-v2-app-only': 'access_token',
  'entra-v2-user': 'access_token',
  'github-actions': 'jwt',
  'github-actions custom-sub-template': 'jwt',
  'github-actions environment': 'jwt',
  'github-actions immutable-sub': 'jwt',
  'github-actions pull_request-from-fork': 'jwt',
  'github-actions repojacked-lookalike (must be DENIED)': 'jwt',
  'github-actions reusable-workflow': 'jwt',
  'gitlab-ci': 'jwt',
  'gitlab-ci fork-mr-in-target-project': 'jwt',
  'google-service-account': 'jwt',
  'google-user': 'id_token',
  keycloak: 'access_token',
  'keycloak service-account': 'access_token',
  'kubernetes-sa': 'jwt',
  'kubernetes-sa default-in-pod-1y': 'jwt',
  'kubernetes-sa legacy-secret-token (must be DENIED: no exp, no aud)': 'jwt',
  'okta-access': 'access_token',
  'okta-access client-credentials': 'access_token',
  'okta-access id_token': 'id_token',
  pingone: 'access_token',
  'pingone client_credentials': 'access_token',
  'spiffe-jwt-svid': 'jwt',
};

interface Payload {
  readonly name?: string;
  readonly header?: TokenHeader;
  readonly claims: Claims;
}

function realPayloads(): { name: string; header: object; claims: Claims }[] {
  const folder = new URL('../claims/', import.meta.url);
  return readdirSync(folder).flatMap((file) => {
    const { variants = [], ...first } = JSON.parse(
      readFileSync(new URL(file, folder), 'utf8'),
    ) as Payload & { variants?: Payload[] };
    const provider = file.replace('.json', '');
    return [first, ...variants].map(({ name, header, claims }) => ({
      name: name === undefined ? provider : `${provider} ${name}`,
      header: header ?? first.header ?? {},
      claims,
    }));
  });
}

describe('the kind of a token', () => {
  test('is told of every payload copied from a real provider', () => {
    const told = realPayloads().map(({ name, header, claims }) => {
      const read = readHeader(header as never);
      if (read instanceof Refusal) throw new Error(`${name}: ${read.message}`);
      return [name, kind(claims, read)];
    });
    expect(Object.fromEntries(told)).toEqual(PROVIDERS);
  });

  test.each([
    ['access_token', { token_use: 'access' }, PLAIN],
    ['id_token', { token_use: 'id' }, PLAIN],
    ['access_token', { typ: 'Bearer', nonce: 'n' }, PLAIN],
    ['access_token', { typ: 'DPoP' }, PLAIN],
    ['id_token', { typ: 'ID', scope: 'openid' }, PLAIN],
    ['access_token', { nonce: 'n' }, ACCESS],
    ['access_token', { typ: 'Bearer' }, ACCESS],
    ['jwt', { typ: 'JWT' }, PLAIN],
  ])('is %s when it says so: %j', (expected, claims, header) => {
    expect(kind(claims, header)).toBe(expected);
  });

  test.each([
    ['id_token', { nonce: 'n' }],
    ['id_token', { at_hash: 'h' }],
    ['id_token', { c_hash: 'h' }],
    ['id_token', { nonce: 'n', scope: 'openid' }],
    ['access_token', { scope: 'openid' }],
    ['access_token', { scp: ['openid'] }],
    ['access_token', { client_id: 'c' }],
    ['access_token', { cid: 'c' }],
    ['access_token', { azpacr: '1' }],
    ['access_token', { appidacr: '2' }],
    ['access_token', { gty: 'client-credentials' }],
    ['jwt', { azp: 'c', email: 'e' }],
  ])('is %s by what only that kind carries: %j', (expected, claims) => {
    expect(kind(claims)).toBe(expected);
  });

  test.each([
    { typ: 'Refresh' },
    { typ: 'Offline' },
    { typ: 'Logout' },
    { typ: 'bearer' },
    { typ: 1 },
    { token_use: 'refresh' },
    { token_use: true },
    { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
  ])('is one that is not accepted: %j', (claims) => {
    expect(kind(claims)).toBe('token_kind_not_allowed');
  });

  test.each([
    [{ typ: 'ID' }, ACCESS],
    [{ token_use: 'id' }, ACCESS],
    [{ token_use: 'id', typ: 'Bearer' }, PLAIN],
  ])('is not guessed where the token contradicts itself: %j', (claims, header) => {
    expect(kind(claims, header)).toBe('token_kind_not_allowed');
  });
});
