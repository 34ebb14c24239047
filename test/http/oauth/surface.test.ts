import { describe, expect, test } from 'vitest';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { startServiceWorld } from '../../support/service-world.ts';
import { answerOf, oauthError } from '../answers.ts';
import { type OAuthWorld, startOAuthWorld } from './oauth-world.ts';

const ROUTES = ['/device_authorization', '/revoke', '/introspect'];
const GRANTS = [
  'authorization_code',
  'urn:ietf:params:oauth:grant-type:device_code',
  'refresh_token',
];
const nkey = createKeyPair('user').publicKey;

const metadataOf = async (url: string) =>
  (await fetch(`${url}/.well-known/oauth-authorization-server`)).json();

describe('if people can sign in', () => {
  test('the metadata says how (RFC 8414 §2, RFC 8628 §4, RFC 9207 §3)', async () => {
    await using world = await startOAuthWorld();
    const { url } = world.service;
    expect(await metadataOf(url)).toMatchObject({
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      device_authorization_endpoint: `${url}/device_authorization`,
      revocation_endpoint: `${url}/revoke`,
      introspection_endpoint: `${url}/introspect`,
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange', ...GRANTS],
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
    });
  });
});

describe('if nobody can sign in', () => {
  test('there are no metadata, routes, or grants for it', async () => {
    await using world = await startServiceWorld({ nats: false });
    const metadata = await metadataOf(world.url);
    expect(metadata).toMatchObject({
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      response_types_supported: [],
    });
    expect(metadata).not.toHaveProperty('authorization_endpoint');
    const body = new URLSearchParams({ client_id: 'nats-sts', nkey, token: 'x' });
    for (const route of ROUTES) {
      const answer = await answerOf(await fetch(world.url + route, { method: 'POST', body }));
      expect({ route, ...answer }).toEqual({ route, ...oauthError(404, 'not_found') });
    }
    for (const grant_type of GRANTS) {
      const response = await world.tokenExchange({ grant_type, client_id: 'nats-sts' });
      expect(await answerOf(response)).toEqual(oauthError(400, 'unsupported_grant_type'));
    }
  });
});

describe('limits', () => {
  const limited = (limit: object) =>
    startOAuthWorld((tree) => {
      tree.rateLimit = { enabled: true, ...limit };
    });

  test.each([...ROUTES, '/token'])(
    'an address with too many requests is refused at %s',
    async (route) => {
      await using world = await limited({ perAddress: { max: 2, every: '1m' } });
      const statuses = [];
      for (let count = 0; count < 2; count += 1)
        statuses.push((await world.post(route, {})).status);
      expect(statuses.every((status) => status < 429)).toBe(true);
      const response = await world.post(route, {});
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await answerOf(response)).toEqual(oauthError(429, 'temporarily_unavailable'));
    },
  );

  test('an identity with too many requests gets no credential, and its refresh token stays valid', async () => {
    await using world = await limited({ perIdentity: { max: 1, every: '1m' } });
    const first = await world.replica.refreshToken({ session: world.session(), role: 'viewer' });
    const refresh = (refresh_token: string) =>
      world.post('/token', {
        grant_type: 'refresh_token',
        client_id: 'nats-sts',
        refresh_token,
        nkey,
      });
    const { refresh_token } = (await (await refresh(first)).json()) as { refresh_token: string };
    expect(await answerOf(await refresh(refresh_token))).toEqual(
      oauthError(429, 'temporarily_unavailable'),
    );
    expect(await activity(world, refresh_token)).toMatchObject({ active: true });
  });
});

async function activity(world: OAuthWorld, token: string): Promise<unknown> {
  return (await world.post('/introspect', { token, client_id: 'nats-sts' })).json();
}
