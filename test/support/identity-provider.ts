import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Configuration, Provider } from 'oidc-provider';

/** A service that may ask the provider for tokens, and the claims its tokens carry. */
export interface ServiceClient {
  readonly id: string;
  readonly secret: string;
  readonly claims?: Readonly<Record<string, string | number | boolean | string[]>>;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** An access token (RFC 9068) by the client credentials grant, as a service gets one at start-up. */
  tokenOf(clientId: string): Promise<string>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A real OpenID provider (oidc-provider) on a free loopback port. */
export async function startIdentityProvider(options: {
  readonly audience: string;
  readonly clients: readonly ServiceClient[];
  readonly tokenSeconds?: number;
}): Promise<IdentityProvider> {
  const server = createServer();
  await listening(server);
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = await quietly(() => createProvider(issuer, configuration(options)));
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    issuer,
    tokenOf: (clientId) => clientCredentials(issuer, find(options.clients, clientId)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function createProvider(issuer: string, configuration: Configuration): Promise<Provider> {
  const { default: Provider } = await import('oidc-provider');
  return new Provider(issuer, configuration);
}

/**
 * While it loads and starts, the provider tells the console that neither a Node release without
 * long-term support nor a store in memory is for production. This is none.
 */
/* oxlint-disable no-console -- it writes nothing */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}
/* oxlint-enable no-console */

function configuration({
  audience,
  clients,
  tokenSeconds = 300,
}: Parameters<typeof startIdentityProvider>[0]): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'demo', use: 'sig' }] },
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    })),
    ttl: { ClientCredentials: tokenSeconds },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${audience}`,
        getResourceServerInfo: () => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenSeconds,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) =>
      clients.find(({ id }) => id === token.clientId)?.claims ?? {},
  };
}

async function clientCredentials(issuer: string, { id, secret }: ServiceClient): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) {
    throw new Error(`the provider gave no token: ${response.status} ${JSON.stringify(body)}`);
  }
  return body.access_token;
}

function find(clients: readonly ServiceClient[], id: string): ServiceClient {
  const client = clients.find((client) => client.id === id);
  if (!client) throw new Error(`the provider knows no client ${id}`);
  return client;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve());
  });
}
