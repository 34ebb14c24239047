import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientMetadata, Configuration, JWKS, Provider } from 'oidc-provider';
import {
  answerSignIn,
  logoutPage,
  type Person,
  signedOutPage,
  signInPage,
} from './people-pages.ts';

export type { Person } from './people-pages.ts';

/** A service that may ask the provider for tokens, and the claims its tokens carry. */
export interface ServiceClient {
  readonly id: string;
  readonly secret: string;
  readonly claims?: Readonly<Record<string, string | number | boolean | string[]>>;
}

/** An application that people sign in to; it authenticates by one of `secret`, `jwks` and `public`. */
export interface WebClient {
  readonly id: string;
  readonly secret?: string;
  /** Its public keys: `private_key_jwt`. */
  readonly jwks?: object;
  readonly public?: true;
  /** The provider takes the secret in the body only. */
  readonly secretInBody?: true;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** RS256 unless said otherwise. */
  readonly idTokenAlgorithm?: 'RS256' | 'Ed25519';
}

/** How the provider answers: not at all is `hanging`. */
export type ProviderState = 'working' | 'unavailable' | 'hanging';

export interface IdentityProvider {
  readonly issuer: string;
  /** Every path asked for, in order. */
  readonly requests: readonly string[];
  /** An access token (RFC 9068) by the client credentials grant, as a service gets one at start-up. */
  tokenOf(clientId: string): Promise<string>;
  /** For paths that begin with `path`; `/` are all. */
  become(state: ProviderState, path?: string): void;
  /** Changes where people are sent back to, as an attacker would; undefined ends that. */
  tamper(change: ((callback: URL) => void) | undefined): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface IdentityProviderOptions {
  readonly audience: string;
  readonly clients: readonly ServiceClient[];
  readonly tokenSeconds?: number;
  /** Who can sign in. */
  readonly people?: readonly Person[];
  readonly webClients?: readonly WebClient[];
}

/** A real OpenID provider (oidc-provider) on a free loopback port. */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  const server = createServer();
  await listening(server);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = await quietly(() => createProvider(issuer, configuration(options, port)));
  const requests: string[] = [];
  const states = new Map<string, ProviderState>();
  let tampering: ((callback: URL) => void) | undefined;
  provider.use(async (context, next) => {
    await next();
    const location = context.response.get('location');
    if (tampering && /[?&]state=/.test(location) && !location.startsWith(issuer)) {
      const callback = new URL(location);
      tampering(callback);
      context.set('location', callback.href);
    }
  });
  const handle = handlerOf(provider, options.people ?? []);
  server.on('request', (request, response) => {
    const path = request.url ?? '/';
    requests.push(path);
    const state = [...states].findLast(([prefix]) => path.startsWith(prefix))?.[1] ?? 'working';
    if (state === 'working') void handle(request, response);
    else if (state === 'unavailable') response.writeHead(503).end('<h1>Maintenance</h1>');
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    issuer,
    requests,
    tokenOf: (clientId) => clientCredentials(issuer, find(options.clients, clientId)),
    become: (state, path = '/') => {
      states.delete(path);
      states.set(path, state);
    },
    tamper: (change) => {
      tampering = change;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function createProvider(issuer: string, configuration: Configuration): Promise<Provider> {
  const { default: Provider } = await import('oidc-provider');
  return new Provider(issuer, configuration);
}

/** The provider with its one page of ours, on which people say who they are. */
function handlerOf(provider: Provider, people: readonly Person[]) {
  const handle = provider.callback();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!request.url?.startsWith(SIGN_IN_PATH)) return handle(request, response);
    try {
      if (request.method === 'POST') await answerSignIn(provider, people, request, response);
      else await signInPage(provider, people, request, response);
    } catch {
      response.writeHead(400, { 'content-type': 'text/plain' }).end('This sign-in has ended.');
    }
  };
}

const SIGN_IN_PATH = '/sign-in/';

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

function configuration(options: IdentityProviderOptions, port: number): Configuration {
  const { audience, clients, tokenSeconds = 300, people = [], webClients = [] } = options;
  return {
    jwks: signingKeys(),
    clients: [...clients.map(serviceMetadata), ...webClients.map(webMetadata)],
    ttl: {
      ClientCredentials: tokenSeconds,
      IdToken: 3_600,
      Interaction: 3_600,
      Session: 86_400,
      Grant: 86_400,
      AccessToken: 3_600,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          context.body = logoutPage(form);
        },
        postLogoutSuccessSource: (context) => {
          context.body = signedOutPage();
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, client) =>
          clients.some(({ id }) => id === client?.clientId) ? `urn:${audience}` : [],
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
    ...signingIn(people, port),
  };
}

/** People sign in with one click, agree to everything by it, and have all their claims in the ID token. */
function signingIn(people: readonly Person[], port: number): Configuration {
  const claimNames = people.flatMap(({ claims }) => Object.keys(claims ?? {}));
  return {
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { openid: ['sub', 'name', ...new Set(claimNames)] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => {
      const person = people.find((person) => person.id === id);
      return (
        person && {
          accountId: id,
          claims: () => ({ sub: id, name: person.name, ...person.claims }),
        }
      );
    },
    interactions: { url: (_context, { uid }) => `${SIGN_IN_PATH}${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const { provider, session, client, params } = oidc;
      const grant = new provider.Grant({
        ...(session?.accountId !== undefined && { accountId: session.accountId }),
        ...(client && { clientId: client.clientId }),
      });
      grant.addOIDCScope(typeof params?.scope === 'string' ? params.scope : 'openid');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    // A browser sends cookies to every port of a host.
    cookies: {
      names: {
        session: `provider_${port}_session`,
        interaction: `provider_${port}_interaction`,
        resume: `provider_${port}_resume`,
      },
    },
    renderError: (context, { error, error_description: description }) => {
      context.type = 'text';
      context.body = `${error}: ${description ?? ''}`;
    },
  };
}

function signingKeys(): JWKS {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  return {
    keys: [
      { ...rsa.export({ format: 'jwk' }), kid: 'demo', use: 'sig' },
      { ...ed25519.export({ format: 'jwk' }), kid: 'demo-ed25519', use: 'sig' },
    ],
  };
}

function serviceMetadata({ id, secret }: ServiceClient): ClientMetadata {
  return {
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  };
}

function webMetadata(client: WebClient): ClientMetadata {
  return {
    client_id: client.id,
    ...authentication(client),
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    id_token_signed_response_alg: client.idTokenAlgorithm ?? 'RS256',
  };
}

function authentication({ secret, jwks, secretInBody }: WebClient): Partial<ClientMetadata> {
  if (jwks !== undefined) {
    return { token_endpoint_auth_method: 'private_key_jwt', jwks: jwks as JWKS };
  }
  if (secret === undefined) return { token_endpoint_auth_method: 'none' };
  return {
    client_secret: secret,
    token_endpoint_auth_method: secretInBody ? 'client_secret_post' : 'client_secret_basic',
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
