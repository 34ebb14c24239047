import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import { stringify } from 'yaml';
import type { AuditEvent } from '../../src/audit/event.ts';
import type { AuditFilter } from '../../src/audit/log.ts';
import { openAuditReader } from '../../src/audit/reader/sqlite-reader.ts';
import { type Service, startService } from '../../src/service.ts';
import { type CapturedLog, captureLog } from './captured-log.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from './issuer.ts';
import type { NatsServer } from './nats-server.ts';
import { createOperatorWorld, type OperatorWorld, type WorldOptions } from './operator-world.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';

/** A configuration as plain data, before it becomes YAML. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests write whatever they want into it
export type ConfigTree = { [key: string]: any };

export interface GroundOptions extends WorldOptions {
  /** Without it there is no nats-server, and credentials are only looked at. */
  readonly nats?: boolean;
  /** Whether the service looks out for changed files; not unless told. */
  readonly watch?: boolean;
  /** Edits the configuration below before it is written. */
  readonly configure?: (tree: ConfigTree, ground: Places) => void;
}

/** What a configuration can refer to. */
export interface Places {
  readonly folder: string;
  readonly issuer: TestIssuer;
  readonly trust: OperatorWorld;
}

/** Everything around a service: an issuer, NATS, a configuration file; no service yet. */
export interface ServiceGround extends Places, AsyncDisposable {
  readonly configFile: string;
  readonly storeFile: string;
  readonly nats: NatsServer | undefined;
  /** Edits the configuration and writes the file anew. */
  configure(change: (tree: ConfigTree) => void): Promise<void>;
  /** Writes the file as it was when it was last configured, or any text instead. */
  write(text?: string): Promise<void>;
  /** A subject token that is valid for an hour from now. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Connects with a `.creds` file; closed with the world. */
  connect(creds: string, options?: ConnectionOptions): Promise<NatsConnection>;
  /** A user of the account that may do everything. */
  observer(account?: string): Promise<NatsConnection>;
  /** What the audit log holds, oldest first. */
  audit(filter?: AuditFilter): AuditEvent[];
}

/** What a caller asks of `POST /exchange`. */
export interface ExchangeAsk {
  readonly role?: string;
  readonly ttl?: number;
  readonly nkey?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The 200 of `POST /exchange`. */
export interface CredentialAnswer {
  readonly jwt: string;
  readonly seed: string;
  readonly creds: string;
  readonly role: string;
  readonly account: string;
  readonly subject: string;
  readonly issuer: string;
  readonly issued_at: number;
  readonly expires_at: number;
  readonly expires_in: number;
  readonly servers: string[];
}

/** A running service in this process, on a free port. */
export interface ServiceWorld extends ServiceGround {
  readonly service: Service;
  readonly url: string;
  readonly log: CapturedLog;
  exchange(token: string, ask?: ExchangeAsk): Promise<Response>;
  /** The credential for this token; throws when the answer is any but 200. */
  credential(token: string, ask?: ExchangeAsk): Promise<CredentialAnswer>;
  /** `POST /token`; pairs, so that a parameter can be repeated. */
  tokenExchange(
    parameters: FormPairs,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
}

export type FormPairs =
  | Readonly<Record<string, string>>
  | readonly (readonly [name: string, value: string])[];

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/** One account, one role that publishes and listens under the identity's own subject, bound to `sub: orders`. */
async function defaultTree(
  { folder, issuer, trust }: Places,
  server: NatsServer | undefined,
): Promise<ConfigTree> {
  const accounts: ConfigTree = {};
  for (const [name, account] of Object.entries(trust.accounts)) {
    const keys = [
      ...Object.entries(account.scopedKeys).map(([role, pair]) => ({ role, pair })),
      ...account.signingKeys.map((pair) => ({ role: undefined, pair })),
    ];
    const signingKeys = [];
    for (const [place, { role, pair }] of keys.entries()) {
      const file = join(folder, `${name}-${place}.nk`);
      await writeFile(file, pair.seed(), { mode: 0o600 });
      signingKeys.push(role === undefined ? { file } : { seed: { file }, role });
    }
    accounts[name] = { publicKey: account.key.publicKey, signingKeys };
  }
  return {
    listen: { host: '127.0.0.1', port: 0 },
    nats: { servers: [server?.url ?? 'nats://127.0.0.1:4222'] },
    accounts,
    store: { sqlite: './data/sts.db' },
    issuers: {
      dev: { issuer: issuer.issuer, audience: AUDIENCE, allowInsecureHttp: true },
    },
    roles: {
      publisher: {
        account: Object.keys(trust.accounts)[0],
        publish: { allow: ['orders.{{subject}}.>'] },
        subscribe: { allow: ['_INBOX.>', 'orders.{{subject}}.>'] },
        maxTtl: '15m',
      },
    },
    bindings: [
      { name: 'orders service', issuer: 'dev', match: { sub: 'orders' }, roles: ['publisher'] },
    ],
    rateLimit: { enabled: false },
  };
}

export async function prepareService(options: GroundOptions = {}): Promise<ServiceGround> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'nats-sts-service-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'data'), { mode: 0o700 });
    const issuer = stack.use(await startIssuer());
    const trust = createOperatorWorld(options);
    const server = options.nats === false ? undefined : stack.use(await trust.start());
    const places = { folder, issuer, trust };
    const tree = await defaultTree(places, server);
    options.configure?.(tree, places);
    const configFile = join(folder, 'sts.yaml');
    const storeFile = join(folder, 'data', 'sts.db');
    const write = (text = stringify(tree)) => writeFile(configFile, text);
    await write();

    const connectTo: ServiceGround['connect'] = async (creds, more = {}) => {
      if (!server) throw new Error('this world was made without a nats-server');
      const connection = await connect({
        servers: server.url,
        authenticator: credsAuthenticator(Buffer.from(creds)),
        reconnect: false,
        timeout: PATIENCE_MILLISECONDS,
        ...more,
      });
      stack.defer(() => connection.close());
      return connection;
    };
    return {
      ...places,
      configFile,
      storeFile,
      nats: server,
      configure: async (change) => {
        change(tree);
        await write();
      },
      write,
      token: (claims = {}, header = {}) => {
        const now = Math.floor(Date.now() / 1000);
        return issuer.token({ iat: now, exp: now + 3600, ...claims }, header);
      },
      connect: connectTo,
      observer: (account) => connectTo(trust.user(account === undefined ? {} : { account }).creds),
      audit: (filter = {}) => {
        const reader = openAuditReader(storeFile);
        const events = [...reader.list(filter)];
        reader.close();
        return events;
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

export async function startServiceWorld(options: GroundOptions = {}): Promise<ServiceWorld> {
  const ground = await prepareService(options);
  const log = captureLog();
  try {
    const service = await startService({
      config: ground.configFile,
      log: log.log,
      watch: options.watch ?? false,
    });
    const { url } = service;
    return {
      ...ground,
      ...callers(url),
      service,
      url,
      log,
      [Symbol.asyncDispose]: async () => {
        await service.close();
        await ground[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
}

/** The calls of a service at `url`, wherever it runs. */
export function callers(
  url: string,
): Pick<ServiceWorld, 'exchange' | 'credential' | 'tokenExchange'> {
  const exchange: ServiceWorld['exchange'] = (token, { accept, headers, ...body } = {}) =>
    fetch(`${url}/exchange`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(Object.keys(body).length > 0 && { 'content-type': 'application/json' }),
        ...(accept !== undefined && { accept }),
        ...headers,
      },
      ...(Object.keys(body).length > 0 && { body: JSON.stringify(body) }),
    });
  return {
    exchange,
    credential: async (token, ask) => {
      const response = await exchange(token, ask);
      if (response.status !== 200) {
        throw new Error(`no credential: ${response.status} ${await response.text()}`);
      }
      return (await response.json()) as CredentialAnswer;
    },
    tokenExchange: (parameters, headers = {}) =>
      fetch(`${url}/token`, {
        method: 'POST',
        headers,
        body: formOf(parameters),
      }),
  };
}

function formOf(parameters: FormPairs): URLSearchParams {
  const form = new URLSearchParams();
  const pairs = Symbol.iterator in parameters ? parameters : Object.entries(parameters);
  for (const [name, value] of pairs) form.append(name, value);
  return form;
}
