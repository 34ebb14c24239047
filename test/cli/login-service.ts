import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { directUser } from '../../src/nats/user-claims.ts';

/** One request, as the service received it. */
export interface LoginRequest {
  readonly method: string;
  readonly path: string;
  /** Query, or form. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Overrides an answer of the service; undefined: no override. */
export type Override = (
  request: LoginRequest,
  response: ServerResponse,
) => object | string | undefined;

/** The session of a program: for one role, with one valid refresh token. */
interface HeldSession {
  readonly role: string;
  token: string;
  ended: boolean;
}

const ACCOUNT = createKeyPair('account');
const PERSON = { issuer: 'https://idp.example.com', subject: '7c9a', name: 'Ada Lovelace' };

/**
 * The routes that people sign in at, each as it is documented, for one person who agrees at once
 * (or when the test has a device agreed to). Keeps what it was asked.
 */
export async function startLoginService() {
  const asked: LoginRequest[] = [];
  const overrides = new Map<string, Override>();
  const state = {
    role: 'orders',
    agreed: false,
    /** Every session, in the browser or elsewhere. */
    ended: false,
    sessionSeconds: 28_800,
    inboxPrefix: undefined as string | undefined,
    servers: ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4223'],
  };
  const codes = new Map<string, Readonly<Record<string, string>>>();
  let deviceKey = '';
  const sessions = new Map<string, HeldSession>();
  let made = 0;

  function handOver(nkey: string, role = state.role, session?: HeldSession): object {
    made += 1;
    const refreshToken = `refresh-${made}`;
    const handed = session ?? { role, token: refreshToken, ended: false };
    handed.token = refreshToken;
    sessions.set(refreshToken, handed);
    const claims = {
      sub: nkey,
      iat: 1,
      nats: directUser({
        issuer_account: ACCOUNT.publicKey,
        pub: { allow: ['_INBOX.>', 'orders.*.>'] },
      }),
    };
    return {
      access_token: encodeJwt({ claims, issuerPublicKey: ACCOUNT.publicKey, sign: ACCOUNT.sign }),
      token_type: 'N_A',
      expires_in: 900,
      scope: role,
      account: ACCOUNT.publicKey,
      account_name: 'APP',
      servers: state.servers,
      ...(state.inboxPrefix !== undefined && { inbox_prefix: state.inboxPrefix }),
      refresh_token: refreshToken,
      refresh_token_expires_in: state.sessionSeconds,
      identity: PERSON,
    };
  }

  function authorize({ parameters }: LoginRequest): string {
    const code = `code-${codes.size + 1}`;
    codes.set(code, parameters);
    const back = new URL(parameters['redirect_uri'] ?? '');
    const { state = '' } = parameters;
    back.search = new URLSearchParams({ code, state, iss: url }).toString();
    return back.href;
  }

  function token({ parameters }: LoginRequest): object | string {
    if (parameters['client_id'] !== 'nats-sts') return 'invalid_client';
    switch (parameters['grant_type'] ?? '') {
      case 'authorization_code':
        return redeemCode(parameters);
      case 'refresh_token':
        return renew(parameters);
      default:
        return state.agreed ? handOver(deviceKey) : 'authorization_pending';
    }
  }

  function redeemCode(given: Readonly<Record<string, string>>): object | string {
    const agreed = codes.get(given['code'] ?? '');
    codes.delete(given['code'] ?? '');
    const verifier = given['code_verifier'] ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (agreed === undefined || agreed['redirect_uri'] !== given['redirect_uri']) {
      return 'invalid_grant';
    }
    if (challenge !== agreed['code_challenge']) return 'invalid_grant';
    return handOver(agreed['nkey'] ?? '', agreed['scope']);
  }

  /** A refresh token is valid for its own role; a second use ends the session. */
  function renew(given: Readonly<Record<string, string>>): object | string {
    const session = sessions.get(given['refresh_token'] ?? '');
    if (session === undefined || state.ended) return 'invalid_grant';
    if (given['refresh_token'] !== session.token) session.ended = true;
    if (session.ended) return 'invalid_grant';
    if (given['scope'] !== undefined && given['scope'] !== session.role) return 'invalid_scope';
    return handOver(given['nkey'] ?? '', session.role, session);
  }

  function revoke({ parameters }: LoginRequest): object {
    const session = sessions.get(parameters['token'] ?? '');
    if (session !== undefined) session.ended = true;
    return {};
  }

  function introspect({ parameters }: LoginRequest): object {
    const session = sessions.get(parameters['token'] ?? '');
    if (session === undefined || session.token !== parameters['token']) return { active: false };
    if (session.ended || state.ended) return { active: false };
    return {
      active: true,
      iss: PERSON.issuer,
      sub: PERSON.subject,
      username: PERSON.name,
      exp: Math.floor(Date.now() / 1000) + state.sessionSeconds,
      iat: 1,
      client_id: 'nats-sts',
      scope: session.role,
      roles: [
        { role: 'orders', account: 'APP', max_ttl: 900 },
        { role: 'billing', account: 'APP', max_ttl: 3600 },
      ],
    };
  }

  function device(given: LoginRequest['parameters']): object {
    deviceKey = given['nkey'] ?? '';
    return {
      device_code: 'the-device-code',
      user_code: 'BCDF-GHJK',
      verification_uri: `${url}/device`,
      verification_uri_complete: `${url}/device?user_code=BCDF-GHJK`,
      expires_in: 600,
      interval: 5,
    };
  }

  const routes: Readonly<Record<string, (request: LoginRequest) => object | string>> = {
    'GET /.well-known/oauth-authorization-server': () => ({
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      device_authorization_endpoint: `${url}/device_authorization`,
    }),
    'GET /authorize/done': () => ({}),
    'POST /token': token,
    'POST /device_authorization': ({ parameters }) => device(parameters),
    'POST /introspect': introspect,
    'POST /revoke': revoke,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const now = await read(request);
    asked.push(now);
    const route = `${now.method} ${now.path}`;
    const said = overrides.get(route)?.(now, response);
    if (response.writableEnded || response.destroyed) return;
    if (said === undefined && route === 'GET /authorize') {
      response.writeHead(303, { location: authorize(now) }).end();
      return;
    }
    send(response, said ?? routes[route]?.(now));
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url,
    asked,
    state,
    /** `GET /authorize` and its like. */
    override: (route: string, by: Override) => overrides.set(route, by),
    /** What `POST /device_authorization` answers. */
    device,
    /** What `POST /token` answers to such a request, for a code or an nkey. */
    handOver: ({ parameters }: Pick<LoginRequest, 'parameters'>): object => {
      const agreed = codes.get(parameters['code'] ?? '');
      const session = sessions.get(parameters['refresh_token'] ?? '');
      const nkey = parameters['nkey'] ?? agreed?.['nkey'] ?? deviceKey;
      return handOver(nkey, session?.role, session);
    },
    /** The roles of the open sessions, in the order in which they began. */
    living: (): string[] =>
      [...new Set(sessions.values())].flatMap(({ role, ended }) => (ended ? [] : [role])),
    to: (path: string) => asked.filter((request) => request.path === path),
    grants: () =>
      asked.flatMap(({ path, parameters }) =>
        path === '/token' ? [parameters['grant_type'] ?? ''] : [],
      ),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

export type LoginService = Awaited<ReturnType<typeof startLoginService>>;

async function read(request: IncomingMessage): Promise<LoginRequest> {
  const { method = '', url = '' } = request;
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const body = await text(request);
  const parameters = Object.fromEntries(body === '' ? searchParams : new URLSearchParams(body));
  return { method, path: pathname, parameters };
}

/** An object is the answer, a string the `error` of an OAuth endpoint; undefined: there is no such route. */
function send(response: ServerResponse, said: object | string | undefined): void {
  const status = said === undefined ? 404 : typeof said === 'string' ? 400 : 200;
  response.writeHead(status, { 'content-type': 'application/json' });
  const body = typeof said === 'string' ? { error: said, error_description: 'Words.' } : said;
  response.end(JSON.stringify(body ?? { code: 'not_found', detail: 'There is nothing here.' }));
}
