import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Json } from '../../src/identity/identity.ts';
import type { IssuerSpec } from '../../src/identity/issuer.ts';

/** A key pair that an issuer signs with. */
export interface TestKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  /** Its entry in a key set: public, with `alg`, `use` and `kid`. */
  readonly jwk: JWK;
}

/** How the issuer answers a path. */
export type Behaviour =
  | 'normal'
  /** Takes the request and never answers. */
  | 'hang'
  | { readonly status: number; readonly body?: string }
  | { readonly redirectTo: string }
  /** Begins an answer and never ends it. */
  | 'trickle'
  /** Sends and sends. */
  | 'endless'
  | { readonly body: string | Buffer; readonly headers?: Readonly<Record<string, string>> };

/** A real OpenID issuer on a free loopback port, as well or as badly behaved as a test wants. */
export interface TestIssuer extends AsyncDisposable {
  /** The issuer identifier and base URL. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** Every path asked for, in order. */
  readonly requests: readonly string[];
  /** The key that `token` signs with: the newest. */
  readonly key: TestKey;
  behave(path: 'discovery' | 'jwks', behaviour: Behaviour): void;
  /** What the discovery document says besides or instead. */
  metadata(changes: Readonly<Record<string, Json>>): void;
  /** Publishes exactly these keys. */
  publish(...keys: readonly (TestKey | JWK)[]): void;
  /** Holds back answers until the function that it returns is called. */
  pause(): () => void;
  /** Ends all connections. */
  hangUp(): void;
  /** A signed token; `claims` replace or add to those of `tokenClaims`. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  spec(changes?: Partial<IssuerSpec>): IssuerSpec;
}

/** The time of frozen clocks in tests: 2026-11-22T10:30:00Z, the `iat` of the payloads in test/claims. Unix seconds. */
export const NOW = 1_795_343_400;

export const AUDIENCE = 'nats-sts';

export async function createTestKey(
  kid: string | undefined = crypto.randomUUID(),
  alg = 'RS256',
): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = {
    ...(await exportJWK(publicKey)),
    alg,
    use: 'sig',
    ...(kid !== undefined && { kid }),
  };
  return { alg, kid, privateKey, jwk };
}

/** Signs by jose: the other implementation, so that our mistakes don't cancel out. */
export function signToken(
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  key: Pick<TestKey, 'alg' | 'kid' | 'privateKey'>,
): Promise<string> {
  const { alg, kid, privateKey } = key;
  return new SignJWT(claims)
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }), typ: 'JWT', ...header })
    .sign(privateKey);
}

/** The least that a token must say, five minutes long. */
export function tokenClaims(issuer: string): Record<string, unknown> {
  return { iss: issuer, sub: 'orders', aud: AUDIENCE, iat: NOW, exp: NOW + 300 };
}

/** An issuer that takes any kind of token, with whatever a test wants otherwise. */
export function issuerSpec(
  changes: Partial<IssuerSpec> & Pick<IssuerSpec, 'issuers' | 'keys'>,
): IssuerSpec {
  return {
    name: 'dev',
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    kinds: ['id_token', 'access_token', 'jwt'],
    audiences: [AUDIENCE],
    audienceClaim: 'aud',
    subject: [['sub']],
    require: {},
    leewaySeconds: 5,
    maxTokenLifetimeSeconds: 86_400,
    capToTokenExpiry: true,
    singleUse: false,
    allowInsecureHttp: true,
    maxKeyAgeSeconds: 3_600,
    ...changes,
  };
}

/** An issuer whose keys are in the configuration: nothing is fetched. */
export function staticIssuer(
  keys: readonly (TestKey | JWK)[],
  changes: Partial<IssuerSpec> = {},
): IssuerSpec {
  return issuerSpec({
    issuers: ['https://issuer.test'],
    keys: { kind: 'static', jwks: { keys: keys.map(publicPart) } },
    ...changes,
  });
}

export async function startIssuer(): Promise<TestIssuer> {
  let key = await createTestKey();
  let published: readonly (TestKey | JWK)[] = [key];
  let metadata: Record<string, Json> = {};
  let gate = Promise.resolve();
  const behaviours = { discovery: 'normal' as Behaviour, jwks: 'normal' as Behaviour };
  const requests: string[] = [];

  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    void gate.then(() => answer(request, response));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwksUri = `${issuer}/jwks`;

  function answer({ url }: IncomingMessage, response: ServerResponse): void {
    if (url === '/.well-known/openid-configuration') {
      behaveAs(behaviours.discovery, response, { issuer, jwks_uri: jwksUri, ...metadata });
    } else if (url === '/jwks') {
      behaveAs(behaviours.jwks, response, { keys: published.map(publicPart) });
    } else {
      response.writeHead(404).end();
    }
  }

  return {
    issuer,
    jwksUri,
    requests,
    get key() {
      return key;
    },
    behave: (path, behaviour) => {
      behaviours[path] = behaviour;
    },
    metadata: (changes) => {
      metadata = { ...metadata, ...changes };
    },
    publish: (...keys) => {
      published = keys;
      key = keys.findLast(isTestKey) ?? key;
    },
    pause: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    hangUp: () => server.closeAllConnections(),
    token: (claims = {}, header = {}) =>
      signToken({ ...tokenClaims(issuer), ...claims }, header, key),
    spec: (changes = {}) =>
      issuerSpec({ issuers: [issuer], keys: { kind: 'discovery', issuer }, ...changes }),
    [Symbol.asyncDispose]: () => close(server),
  };
}

function isTestKey(key: TestKey | JWK): key is TestKey {
  return 'privateKey' in key;
}

function publicPart(key: TestKey | JWK): JWK {
  return isTestKey(key) ? key.jwk : key;
}

function behaveAs(behaviour: Behaviour, response: ServerResponse, usual: object): void {
  if (behaviour === 'hang') return;
  response.setHeader('content-type', 'application/json');
  if (behaviour === 'normal') {
    response.end(JSON.stringify(usual));
  } else if (behaviour === 'trickle') {
    response.write('{"keys":');
  } else if (behaviour === 'endless') {
    sendEndlessly(response);
  } else if ('redirectTo' in behaviour) {
    response.writeHead(302, { location: behaviour.redirectTo }).end();
  } else if ('status' in behaviour) {
    response.writeHead(behaviour.status).end(behaviour.body);
  } else {
    response.writeHead(200, behaviour.headers);
    response.end(behaviour.body);
  }
}

function sendEndlessly(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) =>
    server.close((error) => (error ? reject(error) : resolve())),
  );
}
