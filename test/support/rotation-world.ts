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
import { type AccountClaims, keyOf, readAccountJwt } from '../../src/account/account-jwt.ts';
import { systemUserPermissions } from '../../src/account/system/permissions.ts';
import { systemClock } from '../../src/clock.ts';
import type { AuditEvent, KeyEvent } from '../../src/audit/event.ts';
import type { AuditFilter } from '../../src/audit/log.ts';
import { openAuditReader } from '../../src/audit/reader/sqlite-reader.ts';
import { parseRing, type Ring, type RingKey, ringKey, ringText } from '../../src/keyring/ring.ts';
import { formatCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { directUser } from '../../src/nats/user-claims.ts';
import { type Service, startService } from '../../src/service.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { openStore, openStoreForReading } from '../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../src/store/sqlite/state.ts';
import { type CapturedLog, captureLog } from './captured-log.ts';
import { eventually } from './eventually.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from './issuer.ts';
import { type ClusterNode, type NatsCluster, startNatsCluster } from './nats-cluster.ts';
import { createOperatorWorld, type OperatorWorld, type WorldOptions } from './operator-world.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';
import { callers, type ConfigTree, type ServiceWorld } from './service-world.ts';

export interface RotationOptions extends Pick<WorldOptions, 'accounts'> {
  /** Number of servers; 3 unless told. */
  readonly size?: number;
  /** Edits the configuration before it is first written. */
  readonly configure?: (tree: ConfigTree, ground: Pick<RotationGround, 'folder' | 'trust'>) => void;
}

/**
 * Around a service that manages the account APP: a cluster of real servers, an issuer, and a
 * configuration whose keys rotate every two seconds. No service yet.
 */
export interface RotationGround extends AsyncDisposable {
  readonly folder: string;
  readonly issuer: TestIssuer;
  readonly trust: OperatorWorld;
  readonly cluster: NatsCluster;
  readonly configFile: string;
  readonly storeFile: string;
  /** A user of the system account that may do everything; comes back when its server does. */
  readonly system: NatsConnection;
  /** Edits the configuration and writes the file anew. */
  configure(change: (tree: ConfigTree) => void): Promise<void>;
  /** A subject token that is valid for an hour from now. */
  token(claims?: Record<string, unknown>): Promise<string>;
  /** Connects to any node, or to this one, without reconnecting; closed with the world. */
  connect(
    creds: string,
    options?: ConnectionOptions & { readonly node?: ClusterNode },
  ): Promise<NatsConnection>;
  /** The store, as another process sees it. */
  readonly state: SharedState;
  /** Changes the stored ring of APP, as an administrator's request would. */
  changeRing(change: (ring: Ring) => Ring | undefined): Promise<void>;
  /** The ring in the store. */
  ring(account?: string): Ring | undefined;
  /** What each server that runs has applied, by its name; undefined where it has not loaded the account. */
  applied(account?: string): Promise<Map<string, AccountClaims | undefined>>;
  /** Sends an account JWT to all servers, as anyone with the operator's key and the system account may. */
  push(jwt: string): Promise<void>;
  /** What the audit log holds, oldest first. */
  audit(filter?: AuditFilter): AuditEvent[];
  /** Keys that became active so far, oldest first; of one slot when told. */
  activations(slot?: string): KeyEvent[];
  /** Resolves once so many keys have become active, all told. */
  activated(count: number, slot?: string): Promise<void>;
  /** Resolves once the ring of APP has a staged key, and every server that runs has applied a JWT with all its live keys. */
  listed(): Promise<void>;
}

/** A service of a ground, in this process. */
export interface RunningService
  extends AsyncDisposable,
    Pick<ServiceWorld, 'exchange' | 'credential' | 'tokenExchange'> {
  readonly service: Service;
  readonly url: string;
  readonly log: CapturedLog;
  /** Value of a metric, by its name and labels as in `GET /metrics`; undefined if it is absent. */
  metric(name: string): Promise<number | undefined>;
}

export interface RotationWorld extends RotationGround, RunningService {}

/** One role, scoped, that publishes and listens under its identity's own subject; `sub: orders` may take it. */
function defaultTree(trust: OperatorWorld, issuer: TestIssuer, servers: readonly string[]) {
  const tree: ConfigTree = {
    listen: { host: '127.0.0.1', port: 0 },
    nats: {
      servers: [...servers],
      system: { creds: './sys.creds' },
      operator: { file: './operator.jwt' },
      operatorSigningKey: { file: './operator.nk' },
    },
    accounts: {
      APP: {
        publicKey: trust.account('APP').key.publicKey,
        // Nothing is issued once the store was silent for the grace: even a process that pauses must not be.
        rotation: { every: '2s', grace: '5s' },
      },
    },
    store: { sqlite: './data/sts.db' },
    sealingKey: { file: './sealing.key' },
    rotator: { lease: '1s' },
    issuers: { dev: { issuer: issuer.issuer, audience: AUDIENCE, allowInsecureHttp: true } },
    roles: {
      publisher: {
        account: 'APP',
        publish: { allow: ['orders.{{subject}}.>'] },
        subscribe: { allow: ['_INBOX.>', 'orders.{{subject}}.>'] },
        maxTtl: '15m',
      },
    },
    bindings: [
      { name: 'orders service', issuer: 'dev', match: { sub: 'orders' }, roles: ['publisher'] },
    ],
    admin: [{ issuer: 'dev', match: { sub: 'admin' } }],
    rateLimit: { enabled: false },
  };
  return tree;
}

/** Creds of a system-account user with exactly the permissions that nats-sts asks for. */
export function narrowSystemCreds({ systemAccount }: OperatorWorld): string {
  const user = createKeyPair('user');
  const jwt = encodeJwt({
    claims: {
      sub: user.publicKey,
      name: 'nats-sts',
      iat: Math.floor(Date.now() / 1000),
      nats: directUser({
        ...systemUserPermissions(),
        issuer_account: systemAccount.key.publicKey,
      }),
    },
    issuerPublicKey: systemAccount.signingKey.publicKey,
    sign: systemAccount.signingKey.sign,
  });
  return formatCreds({ jwt, seed: user.seed() });
}

export async function prepareRotation(options: RotationOptions = {}): Promise<RotationGround> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'nats-sts-rotation-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const issuer = stack.use(await startIssuer());
    const trust = createOperatorWorld({
      accounts: options.accounts ?? { APP: {} },
      resolver: 'full',
    });
    const cluster = stack.use(
      await startNatsCluster({ world: trust, ...(options.size && { size: options.size }) }),
    );
    const system = await connect({
      servers: [...cluster.servers],
      authenticator: credsAuthenticator(Buffer.from(trust.sysCreds)),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      pingInterval: 1000,
      maxPingOut: 2,
    });
    stack.defer(() => system.close());

    await mkdir(join(folder, 'data'), { mode: 0o700 });
    await writeFile(join(folder, 'operator.jwt'), trust.operator.jwt);
    await writeSecret(folder, 'operator.nk', trust.operator.signingKey.seed());
    await writeSecret(folder, 'sys.creds', narrowSystemCreds(trust));
    await writeSecret(folder, 'sealing.key', Buffer.alloc(32, 7).toString('base64'));
    const tree = defaultTree(trust, issuer, cluster.servers);
    options.configure?.(tree, { folder, trust });
    const configFile = join(folder, 'sts.yaml');
    const storeFile = join(folder, 'data', 'sts.db');
    const write = () => writeFile(configFile, stringify(tree));
    await write();

    const store = openStore({ file: storeFile, survive: 'process-crash' });
    stack.defer(() => store.close());
    const state = openSqliteState({ store, clock: systemClock });
    stack.defer(() => state.close());

    const audit: RotationGround['audit'] = (filter = {}) => {
      const reader = openAuditReader(storeFile);
      const events = [...reader.list(filter)];
      reader.close();
      return events;
    };
    const activations = (slot?: string) =>
      audit({ type: 'key' }).filter(
        (event): event is KeyEvent =>
          event.type === 'key' &&
          event.to === 'active' &&
          (slot === undefined || event.slot === slot),
      );
    return {
      folder,
      issuer,
      trust,
      cluster,
      configFile,
      storeFile,
      system,
      configure: async (change) => {
        change(tree);
        await write();
      },
      token: (claims = {}) => {
        const now = Math.floor(Date.now() / 1000);
        return issuer.token({ iat: now, exp: now + 3600, ...claims });
      },
      connect: async (creds, { node, ...more } = {}) => {
        const connection = await connect({
          servers: node ? node.url : [...cluster.servers],
          authenticator: credsAuthenticator(Buffer.from(creds)),
          reconnect: false,
          timeout: PATIENCE_MILLISECONDS,
          ...more,
        });
        stack.defer(() => connection.close());
        return connection;
      },
      state,
      changeRing: (change) => changeRing(state, change),
      ring: (account = 'APP') => storedRing(storeFile, account),
      applied: (account = 'APP') => applied(system, cluster, trust.account(account).key.publicKey),
      push: (jwt) => push(system, jwt),
      audit,
      activations,
      activated: async (count, slot) => {
        await eventually(() => activations(slot).length >= count);
      },
      listed: async () => {
        const account = trust.account('APP').key.publicKey;
        await eventually(async () => {
          const keys = (storedRing(storeFile, 'APP')?.keys ?? []).filter(isLive);
          const claims = [...(await applied(system, cluster, account)).values()];
          const staged = keys.some(({ state }) => state === 'staged');
          return staged && claims.every((each) => each !== undefined && listsAll(each, keys));
        });
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A server that the service does not talk to itself: when it hangs, only its answers are missing. */
export function apartFromRotator({
  cluster,
  log,
}: Pick<RotationWorld, 'cluster' | 'log'>): ClusterNode {
  const line = log.lines.findLast((line) => line.includes('connected to the system account'));
  const { server } = JSON.parse(line ?? '{}') as { server?: string };
  const node = cluster.nodes.find(({ port }) => server && !server.endsWith(`:${port}`));
  if (!node) throw new Error('the service is not connected, or there is one server only');
  return node;
}

async function writeSecret(folder: string, name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text, { mode: 0o600 });
}

/** Resolves once it listens; its first keys may still be on their way. */
export async function startRotating({
  configFile,
}: Pick<RotationGround, 'configFile'>): Promise<RunningService> {
  const log = captureLog();
  const service = await startService({ config: configFile, log: log.log, watch: false });
  const { url } = service;
  return {
    service,
    url,
    log,
    ...callers(url),
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const line = text.split('\n').find((line) => line.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.slice(name.length + 1));
    },
    [Symbol.asyncDispose]: () => service.close(),
  };
}

/** A ground with its service, ready to issue. */
export async function startRotationWorld(options: RotationOptions = {}): Promise<RotationWorld> {
  const ground = await prepareRotation(options);
  try {
    const running = await startRotating(ground);
    try {
      await eventually(async () => (await fetch(`${running.url}/readyz`)).ok);
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
    return {
      ...ground,
      ...running,
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]();
        await ground[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
}

function storedRing(file: string, account: string): Ring | undefined {
  const store = openStoreForReading(file);
  try {
    const row = store.database
      .prepare('SELECT value FROM state WHERE key = ?')
      .get(ringKey(account));
    return typeof row?.['value'] === 'string' ? parseRing(row['value']) : undefined;
  } finally {
    store.close();
  }
}

async function changeRing(
  state: SharedState,
  change: (ring: Ring) => Ring | undefined,
): Promise<void> {
  await eventually(async () => {
    const [entry] = await state.list(ringKey('APP'));
    const next = entry && change(parseRing(entry.value));
    if (!next) throw new Error('the ring cannot be changed like this');
    return (await state.write(ringKey('APP'), ringText(next), entry.revision)) !== undefined;
  });
}

interface AccountzAnswer {
  readonly server: { readonly name: string };
  readonly data?: { readonly account_detail?: { readonly jwt?: string } };
}

function isLive({ state }: RingKey): boolean {
  return state !== 'retired';
}

function listsAll({ nats }: AccountClaims, keys: readonly RingKey[]): boolean {
  const listed = new Set((nats.signing_keys ?? []).map(keyOf));
  return keys.every(({ publicKey }) => listed.has(publicKey));
}

/** One round of questions; servers that did not answer are asked again. */
const ROUND_MILLISECONDS = 2000;

/** Asked here in the plainest way: what is to be proved is not proved with its own eyes. Waits for every node that runs. */
async function applied(
  system: NatsConnection,
  { nodes }: NatsCluster,
  account: string,
): Promise<Map<string, AccountClaims | undefined>> {
  return eventually(async () => {
    const running = nodes.filter(({ state }) => state === 'running').map(({ name }) => name);
    const found = await appliedBy(system, running.length, account);
    return running.every((name) => found.has(name)) && found;
  });
}

async function appliedBy(
  system: NatsConnection,
  count: number,
  account: string,
): Promise<Map<string, AccountClaims | undefined>> {
  const replies = await system.requestMany(
    '$SYS.REQ.SERVER.PING.ACCOUNTZ',
    JSON.stringify({ account }),
    { strategy: 'count', maxMessages: count, maxWait: ROUND_MILLISECONDS },
  );
  const found = new Map<string, AccountClaims | undefined>();
  for await (const reply of replies) {
    const { server, data } = reply.json<AccountzAnswer>();
    const jwt = data?.account_detail?.jwt;
    found.set(server.name, jwt === undefined ? undefined : claimsOf(jwt));
  }
  return found;
}

function claimsOf(jwt: string): AccountClaims {
  const claims = readAccountJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims;
}

async function push(system: NatsConnection, jwt: string): Promise<void> {
  const reply = await system.request('$SYS.REQ.CLAIMS.UPDATE', jwt, {
    timeout: PATIENCE_MILLISECONDS,
  });
  const { error } = reply.json<{ error?: { description: string } }>();
  if (error) throw new Error(error.description);
}
