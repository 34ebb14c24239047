import { describe, expect, test } from 'vitest';
import type { IssuerSpec } from '../../src/identity/issuer.ts';
import { memorySingleUse } from '../../src/identity/single-use.ts';
import { createVerifier } from '../../src/identity/verify.ts';
import { createTestKey, NOW, signToken, staticIssuer, tokenClaims } from '../support/issuer.ts';
import { refusal } from './outcome.ts';

const clock = { now: () => NOW * 1000 };

/** Why a token is refused, of an issuer with a static key. */
async function refused(
  claims: Record<string, unknown>,
  spec: Partial<IssuerSpec> = {},
  { header = {}, alg = 'RS256' }: { header?: Record<string, unknown>; alg?: string } = {},
) {
  const key = await createTestKey('k1', alg);
  const token = await signToken({ ...tokenClaims('https://issuer.test'), ...claims }, header, key);
  const singleUse = memorySingleUse({ clock });
  const issuers = [staticIssuer([key], spec)];
  const verifier = createVerifier({ issuers, clock, singleUse, tokenBytes: 16_384 });
  return refusal(verifier.verify(token));
}

describe('a refusal that the configuration or the provider can cure says how', () => {
  test.each([
    ['an empty list', []],
    ['empty', ''],
    ['a list of nothing', ['']],
  ])('an audience that is %s', async (_, aud) => {
    const { reason, message } = await refused({ aud });
    expect(reason).toBe('audience_mismatch');
    expect(message).toBe(
      'The token\'s "aud" is empty, so it is meant for nobody; this service accepts tokens for "nats-sts": ask the issuer for a token with audience=nats-sts, or configure the issuer to add it.',
    );
  });

  test('an audience that is missing', async () => {
    const { reason, message } = await refused({ aud: undefined });
    expect(reason).toBe('claim_missing');
    expect(message).toMatch(/^The token has no "aud" claim, so .*audience=nats-sts/);
  });

  test.each([
    ['of Cognito, without the claim that names the audience', { token_use: 'id' }],
    ['of Keycloak, for somebody else', { typ: 'ID', aud: 'other' }],
  ])('an ID token that says so, %s, is called an ID token first', async (_, claims) => {
    const cognito = { audienceClaim: 'client_id' } as const;
    const spec = { kinds: ['access_token'], ...('token_use' in claims && cognito) } as const;
    const { reason, message } = await refused(claims, spec);
    expect(reason).toBe('token_kind_not_allowed');
    expect(message).toBe(
      "The token is an ID token, but from this issuer only an access token is accepted. To accept it, add id_token to the issuer's kinds (kinds: [id_token] alone would accept only that).",
    );
  });

  test('an access token by its header, shown where ID tokens are taken, is called that first', async () => {
    const header = { typ: 'at+jwt' };
    const { message } = await refused({ aud: 'other' }, { kinds: ['id_token'] }, { header });
    expect(message).toMatch(
      /^The token is an access token, .*add access_token to the issuer's kinds/,
    );
  });

  test('a token that does not say what it is: its audience comes first', async () => {
    const kinds = ['access_token'] as const;
    const { reason } = await refused({ aud: 'other', at_hash: 'x' }, { kinds });
    expect(reason).toBe('audience_mismatch');
  });

  test.each([
    ['Dex', { at_hash: 'x', azp: 'cli' }, 'looks like an ID token', 'id_token'],
    ['mock-oauth2-server', { tid: 'default' }, 'is a JWT that is marked as neither', 'jwt'],
  ])('an access token of %s', async (_, claims, what, kind) => {
    const { message } = await refused(claims, { kinds: ['access_token'] });
    expect(message).toContain(`The token ${what}`);
    expect(message).toContain(`add ${kind} to the issuer's kinds`);
  });

  test('an algorithm that could be allowed', async () => {
    const { reason, message } = await refused({}, { algorithms: ['RS256'] }, { alg: 'ES512' });
    expect(reason).toBe('algorithm_not_allowed');
    expect(message).toContain("add ES512 to the issuer's algorithms (algorithms: [ES512]");
  });

  test.each([
    [172_800, '48h'],
    [86_460, '1441m'],
    [86_401.5, '86402s'],
  ])('a lifetime of %d seconds', async (seconds, setting) => {
    const { reason, message } = await refused({ exp: NOW + seconds });
    expect(reason).toBe('token_lifetime_too_long');
    expect(message).toContain(`write maxTokenLifetime: ${setting} for this issuer`);
  });

  test.each([
    ['an audience', { aud: undefined, sub: undefined }],
    ['a subject', { sub: undefined }],
  ])("Keycloak's lightweight access token without %s", async (_, claims) => {
    const { reason, message } = await refused({ typ: 'Bearer', azp: 'light', ...claims });
    expect(reason).toBe('claim_missing');
    expect(message).toContain('it looks like a lightweight access token of Keycloak');
  });

  test('any other token of Keycloak is not called lightweight', async () => {
    const { message } = await refused({ typ: 'Bearer', azp: 'x', aud: undefined });
    expect(message).not.toContain('lightweight');
  });
});

describe('a logout token is called one', () => {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  test.each([
    ['Keycloak', { events, typ: 'Logout' }, { typ: 'logout+jwt' }],
    ['oidc-provider', { events, jti: 'j' }, { typ: 'logout+jwt' }],
    ['Ory Hydra', { events, sid: 's', sub: undefined, exp: undefined }, { typ: 'JWT' }],
    ['Keycloak, of an older version', { typ: 'Logout' }, { typ: 'JWT' }],
  ])('of %s', async (_, claims, header) => {
    const { message } = await refused(claims, {}, { header });
    expect(message).toContain('it is a logout token');
  });
});
