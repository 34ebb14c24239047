import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { issuerDifference } from '../../../src/cli/online/issuer-difference.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';
import { startIdentityProvider } from '../../support/identity-provider.ts';
import { createTestKey } from '../../support/issuer.ts';
import { prepareService, type ServiceGround } from '../../support/service-world.ts';
import { examine, secret } from './doctor.ts';

/** NATS is there and fits, so that everything found is about the issuer. */
function ground(change?: (issuer: Record<string, unknown>) => void): Promise<ServiceGround> {
  return prepareService({ configure: (tree) => change?.(tree['issuers'].dev) });
}

test('an issuer that is as configured is reported with its name, keys, and clock', async () => {
  await using world = await ground();
  const { exitCode, one, problems } = await examine(world);
  expect(problems).toEqual([]);
  expect(exitCode).toBe(0);
  expect(one('issuer').found).toContain(world.issuer.issuer);
  expect(one('keys').found).toBe('1 key, 1 of them usable (RS256)');
});

describe('an issuer that calls itself by another name', () => {
  test.each([
    ['a trailing slash', (issuer: string) => `${issuer}/`, 'trailing slash'],
    ['https', (issuer: string) => issuer.replace('http:', 'https:'), 'http:'],
    ['another host', (issuer: string) => issuer.replace('127.0.0.1', 'localhost'), 'host'],
    ['a path', (issuer: string) => `${issuer}/v2.0`, 'path'],
  ])('%s: both names are shown, and what differs', async (_, rename, difference) => {
    await using world = await ground();
    const { issuer } = world;
    issuer.metadata({ issuer: rename(issuer.issuer) });
    const { exitCode, one, problems } = await examine(world);
    expect(exitCode).toBe(1);
    expect(problems).toEqual(['issuer-mismatch']);
    const { path, found, todo } = one('issuer-mismatch');
    expect(path).toBe('issuers.dev');
    expect(found).toContain(`"${issuer.issuer}"`);
    expect(found).toContain(`"${rename(issuer.issuer)}"`);
    expect(found).toContain(difference);
    expect(todo).toContain(rename(issuer.issuer));
  });

  test.each([
    ['https://a.example/', 'https://a.example', 'lacks the trailing slash'],
    ['https://A.example', 'https://a.example', 'hosts differ in upper and lower case'],
    ['https://a.example:443', 'https://a.example', 'two spellings of the same URL'],
    ['https://a.example/Realm', 'https://a.example/realm', 'paths differ in upper and lower case'],
    ['https://a.example:1', 'https://a.example:2', 'different ports'],
    ['https://a.example', 'https://a.example ', 'whitespace'],
    ['https://a.example', 'no URL', 'different texts'],
    ['http://a.example/x/', 'https://a.example/x', 'only one has a trailing slash'],
  ])('%s and %s: %s', (configured, published, difference) => {
    expect(issuerDifference(configured, published)).toContain(difference);
  });
});

describe('discovery that does not answer as it should', () => {
  test('nobody listens', async () => {
    const port = await freePort();
    await using world = await ground((issuer) => (issuer['issuer'] = `http://127.0.0.1:${port}`));
    const { one } = await examine(world);
    expect(one('unreachable')).toMatchObject({ level: 'problem', path: 'issuers.dev' });
    expect(one('unreachable').found).toContain('ECONNREFUSED');
  });

  test.each([
    ['404', { status: 404 }, 'answer', 'status 404', 'path of the issuer'],
    ['403', { status: 403 }, 'answer', 'status 403', 'without signing in'],
    ['503', { status: 503 }, 'answer', '503', 'try again later'],
    [
      'a page instead of JSON',
      { body: '<html>', headers: { 'content-type': 'text/html; charset=utf-8' } },
      'not-json',
      'text/html',
      'login page',
    ],
    [
      'a redirect',
      { redirectTo: 'https://elsewhere.example/' },
      'redirect',
      'https://elsewhere.example/',
      'does not follow redirects',
    ],
    ['JSON of something else', { body: '{"hello":1}' }, 'not-discovery', 'no issuer', 'address'],
  ] as const)('%s', async (_, behaviour, id, found, todo) => {
    await using world = await ground();
    world.issuer.behave('discovery', behaviour);
    const { exitCode, one } = await examine(world);
    expect(exitCode).toBe(1);
    expect(one(id).found).toContain(found);
    expect(one(id).todo).toContain(todo);
  });

  test('no answer ends with the timeout, and everything else is still reported', async () => {
    await using world = await ground();
    world.issuer.behave('discovery', 'hang');
    const { problems, findings } = await examine(world, { timeout: '2s' });
    expect(problems).toContain('unreachable');
    expect(findings.map(({ path }) => path)).toContain('nats.servers');
  });

  test('a certificate that nobody vouches for is named as the cause', async () => {
    await using server = createServer(selfSignedCertificate()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using world = await ground((issuer) => (issuer['issuer'] = `https://127.0.0.1:${port}`));
    const { one } = await examine(world);
    expect(one('tls').found).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(one('tls').todo).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('https to a port without TLS is reported', async () => {
    await using world = await ground();
    const https = world.issuer.issuer.replace('http:', 'https:');
    await world.configure(
      (tree) => (tree['issuers'].dev = { issuer: https, audience: 'nats-sts' }),
    );
    expect((await examine(world)).one('tls').todo).toContain('does not use TLS');
  });
});

describe('keys', () => {
  test('of algorithms that the configuration does not allow', async () => {
    await using world = await ground((issuer) => (issuer['algorithms'] = ['RS256']));
    world.issuer.publish(await createTestKey('other', 'ES256'));
    const { one, problems } = await examine(world);
    expect(problems).toEqual(['keys-unusable']);
    expect(one('keys-unusable').found).toContain('ES256');
    expect(one('keys-unusable').found).toContain('allows RS256');
    expect(one('keys-unusable').todo).toContain('algorithms: [ES256]');
  });

  test('an empty key set', async () => {
    await using world = await ground();
    world.issuer.publish();
    expect((await examine(world)).one('keys-unusable').found).toBe('an empty key set');
  });

  test('an address that has something else', async () => {
    await using world = await ground();
    world.issuer.behave('jwks', { body: '{"kids":[]}' });
    expect((await examine(world)).problems).toEqual(['not-keys']);
  });

  test('a discovery document that names none', async () => {
    await using world = await ground();
    world.issuer.metadata({ jwks_uri: null });
    expect((await examine(world)).one('no-keys').todo).toContain('issuers.dev.jwksUri');
  });

  test('given by jwksUri and given in the file are looked at without discovery', async () => {
    await using world = await ground();
    const { issuer } = world;
    const dev = { issuer: 'https://id.example.com', audience: 'nats-sts', allowInsecureHttp: true };
    await world.configure((tree) => {
      tree['issuers'] = {
        dev: { ...dev, jwksUri: issuer.jwksUri },
        written: { ...dev, issuer: 'https://two.example.com', jwks: { keys: [issuer.key.jwk] } },
      };
    });
    const { exitCode, findings } = await examine(world);
    expect(exitCode).toBe(0);
    expect(findings.filter(({ id }) => id === 'keys')).toHaveLength(2);
    expect(issuer.requests).toEqual(['/jwks']);
  });
});

test('a clock that differs by more than the leeway is reported with both', async () => {
  await using world = await ground();
  const aMinuteAhead = { now: () => Date.now() + 60_000 };
  const { one } = await examine(world, { clock: aMinuteAhead });
  expect(one('clock-skew').found).toMatch(
    /^\d+ s behind this machine; issuers.dev.leeway tolerates 30 s$/,
  );
});

describe('a login', () => {
  async function withLogin(world: ServiceGround, issuer: string): Promise<void> {
    secret(world.folder, 'sealing.key', Buffer.alloc(32, 1).toString('base64'));
    await world.configure((tree) => {
      tree['publicUrl'] = 'http://127.0.0.1:8080';
      tree['sealingKey'] = { file: './sealing.key' };
      Object.assign(tree['issuers'].dev, { issuer, login: { clientId: 'nats-sts' } });
    });
  }

  test('at a real provider shows what is to be registered there', async () => {
    await using provider = await startIdentityProvider({
      audience: 'nats-sts',
      clients: [],
      webClients: [{ id: 'nats-sts', public: true, redirectUris: [], postLogoutRedirectUris: [] }],
    });
    await using world = await ground();
    await withLogin(world, provider.issuer);
    const { one, problems } = await examine(world);
    expect(problems).toEqual([]);
    expect(one('login').found).toBe('has everything that signing in requires');
    expect(one('redirect-uri').found).toContain('http://127.0.0.1:8080/login/callback');
  });

  test.each([
    ['without endpoints', {}, 'endpoint', 'authorization_endpoint: is missing'],
    [
      'without PKCE',
      { code_challenge_methods_supported: ['plain'] },
      'not-offered',
      'required is S256',
    ],
    [
      'without the code flow',
      { response_types_supported: ['id_token'] },
      'not-offered',
      'required is code',
    ],
    [
      'that takes secrets only',
      { token_endpoint_auth_methods_supported: ['client_secret_basic'] },
      'not-offered',
      'required is none',
    ],
  ])('at an issuer %s is told', async (_, metadata, id, found) => {
    await using world = await ground();
    const { issuer } = world;
    const endpoints = id === 'endpoint' ? {} : endpointsOf(issuer.issuer);
    issuer.metadata({ ...endpoints, ...metadata });
    await withLogin(world, issuer.issuer);
    const { findings } = await examine(world);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: 'problem',
        path: 'issuers.dev.login',
        id,
        found: expect.stringContaining(found),
      }),
    );
  });
});

function endpointsOf(issuer: string) {
  return { authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` };
}
