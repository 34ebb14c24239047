import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTestKey, signToken, type TestKey } from '../../support/issuer.ts';

/** What the token endpoint was asked. */
interface TokenRequest {
  readonly authorization: string | undefined;
  readonly parameters: URLSearchParams;
}

/** An issuer whose token endpoint answers what a test wants, where a real one would not. */
export interface HostileIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly key: TestKey;
  /** Path of everything that it was asked. */
  readonly requests: readonly string[];
  readonly tokenRequests: readonly TokenRequest[];
  /** What the discovery document says besides or instead. */
  metadata(changes: object): void;
  answer(answer: TokenAnswer): void;
  /** Holds the key set back until the function that it returns is called. */
  pauseKeys(): () => void;
}

export interface TokenAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON. */
  readonly body: object | string;
}

export async function startHostileIssuer(): Promise<HostileIssuer> {
  const key = await createTestKey();
  const requests: string[] = [];
  const tokenRequests: TokenRequest[] = [];
  let changes = {};
  let gate = Promise.resolve();
  let tokenAnswer: TokenAnswer = { body: {} };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = ({ status = 200, headers = {}, body }: TokenAnswer) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    requests.push(request.url ?? '');
    if (request.url === '/.well-known/openid-configuration') {
      send({ body: { ...metadataOf(issuer), ...changes } });
    } else if (request.url === '/jwks') {
      await gate;
      send({ body: { keys: [key.jwk] } });
    } else {
      const parameters = new URLSearchParams(await text(request));
      tokenRequests.push({ authorization: request.headers.authorization, parameters });
      send(tokenAnswer);
    }
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    key,
    requests,
    tokenRequests,
    metadata: (wanted) => {
      changes = wanted;
    },
    answer: (wanted) => {
      tokenAnswer = wanted;
    },
    pauseKeys: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The answer of a token endpoint with an ID token; `claims` replace or add to those of a good one. */
export async function tokenAnswer(
  { issuer, key }: Pick<HostileIssuer, 'issuer' | 'key'>,
  authorizationUrl: URL,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<{ body: object }> {
  const now = Math.floor(Date.now() / 1_000);
  const nonce = authorizationUrl.searchParams.get('nonce');
  const good = { iss: issuer, sub: 'ada', aud: 'sts', iat: now, exp: now + 300, nonce };
  const idToken = await signToken({ ...good, ...claims }, header, key);
  return { body: { access_token: 'opaque', token_type: 'Bearer', id_token: idToken } };
}

function metadataOf(issuer: string) {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
