import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from './eventually.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import type { OperatorWorld } from './operator-world.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';
import { pauseProcess } from './pause-process.ts';

export interface NatsClusterOptions {
  /** Its resolver must be `full`. */
  readonly world: OperatorWorld;
  /** Number of servers; 3 unless told. */
  readonly size?: number;
  /** Further lines of every server's configuration. `{{folder}}` is a folder of the node's own. */
  readonly config?: string;
  /** Further command line arguments of every server, e.g. `-js`. */
  readonly args?: readonly string[];
}

/** Where a node's account JWTs are after a restart: as they were, none, or a copy of this folder. */
export type JwtDirectory = 'kept' | 'empty' | { readonly copyOf: string };

/** One server of a cluster. It keeps its ports, its name and its folder when it restarts. */
export interface ClusterNode {
  readonly name: string;
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  readonly state: 'running' | 'paused' | 'stopped';
  /** Lines that the process that runs now (or ran last) has logged. */
  readonly log: readonly string[];
  /** Where its resolver keeps account JWTs: `<account public key>.jwt`. */
  readonly jwtDirectory: string;
  /** Ends the process, a paused one too; resolves once it has ended. SIGTERM unless told. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. Resolves once the process has stopped. */
  pause(): Promise<void>;
  /** SIGCONT */
  resume(): void;
  /**
   * Kills the process if it runs, and starts it again on the same ports, without preloaded JWTs but
   * the system account's. Resolves once the routes to all nodes that run are up.
   */
  restart(options?: { readonly directory?: JwtDirectory }): Promise<void>;
  /** Copies its JWT directory as it stands; removed with the cluster. Resolves with the copy's path. */
  copyJwts(): Promise<string>;
}

/** Real nats-servers with routes between them, one operator, and a full resolver each. */
export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly ClusterNode[];
  /** Client URLs of all nodes. */
  readonly servers: readonly string[];
  /** A wrong index is a fault of the test. */
  node(index: number): ClusterNode;
  /** Resolves once every node that runs, and isn't paused, has its routes to all others. */
  routed(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves once all routes are up. */
export async function startNatsCluster({
  world,
  size = 3,
  config = '',
  args = [],
}: NatsClusterOptions): Promise<NatsCluster> {
  if (!world.config.includes('type: full')) throw new Error('a cluster needs a full resolver');
  const folder = await mkdtemp(join(tmpdir(), 'nats-sts-cluster-'));
  const running: RunningNode[] = [];
  // Servers with JetStream want to know from the start how many they are.
  const ports = world.config.includes('jetstream: enabled') ? await freePorts(size) : [];
  const routed = () => routesUp(world, running);
  const stop = async () => {
    await Promise.all(running.map((node) => node.stop('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < size; index++) {
      const name = `node-${index}`;
      const node = new RunningNode({
        name,
        folder: join(folder, name),
        config: `${world.config}\n${config}`,
        restartConfig: `${withoutPreloads(world)}\n${config}`,
        args,
        peers: running,
        clusterPort: ports[index] ?? -1,
        routes: ports.map(routeTo),
        routed,
      });
      await mkdir(node.jwtDirectory, { recursive: true });
      await node.start();
      running.push(node);
    }
    await routed();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes: running,
    servers: running.map(({ url }) => url),
    node(index) {
      const node = running[index];
      if (!node) throw new Error(`this cluster has no node ${index}`);
      return node;
    },
    routed,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function routeTo(port: number): string {
  return `nats://127.0.0.1:${port}`;
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The world's configuration without its applications' account JWTs: only a first start brings them. */
function withoutPreloads(world: OperatorWorld): string {
  const preloads = Object.values(world.accounts).map(({ jwt }) => jwt);
  return world.config
    .split('\n')
    .filter((line) => !preloads.some((jwt) => line.includes(jwt)))
    .join('\n');
}

interface NodeOptions {
  readonly name: string;
  readonly folder: string;
  readonly config: string;
  readonly restartConfig: string;
  readonly args: readonly string[];
  /** All nodes of the cluster, those that start later too. */
  readonly peers: readonly RunningNode[];
  /** -1: a free one. */
  readonly clusterPort: number;
  /** To all nodes, where they are known beforehand; else to those of `peers`. */
  readonly routes: readonly string[];
  readonly routed: () => Promise<void>;
}

class RunningNode implements ClusterNode {
  readonly name: string;
  readonly #options: NodeOptions;
  #server: NatsServer | undefined;
  #clusterPort: number;
  #copies = 0;
  state: 'running' | 'paused' | 'stopped' = 'stopped';

  constructor(options: NodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clusterPort = options.clusterPort;
  }

  get #started(): NatsServer {
    if (!this.#server) throw new Error(`${this.name} was never started`);
    return this.#server;
  }

  get url(): string {
    return this.#started.url;
  }

  get port(): number {
    return this.#started.port;
  }

  get pid(): number {
    return this.#started.pid;
  }

  get log(): readonly string[] {
    return this.#started.log;
  }

  get jwtDirectory(): string {
    return join(this.#options.folder, 'accounts');
  }

  get route(): string {
    return routeTo(this.#clusterPort);
  }

  async start(): Promise<void> {
    const { name, folder, args, peers, routes: known } = this.#options;
    const text = this.#server ? this.#options.restartConfig : this.#options.config;
    const others = peers.filter((peer) => peer !== this).map(({ route }) => route);
    const routes = (known.length > 0 ? known : others).map((route) => `"${route}"`);
    this.#server = await startNatsServer({
      config: [
        `server_name: ${name}`,
        text.replaceAll('{{folder}}', folder),
        `cluster: { name: test, listen: "127.0.0.1:${this.#clusterPort}", routes: [${routes.join(', ')}] }`,
      ].join('\n'),
      // The last of two equal flags counts.
      args: [
        ...(this.#server ? ['--port', String(this.#server.port)] : []),
        '--store_dir',
        join(folder, 'jetstream'),
        ...args,
      ],
    });
    const listening = await this.#server.logged('Listening for route connections on');
    this.#clusterPort = Number(/:(\d+)$/.exec(listening)?.[1]);
    this.state = 'running';
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.state === 'stopped') return;
    // A paused process sees no signal but SIGKILL before it goes on.
    if (this.state === 'paused' && signal !== 'SIGKILL') this.resume();
    this.state = 'stopped';
    await this.#started.stop(signal);
  }

  async pause(): Promise<void> {
    this.#mustRun();
    this.state = 'paused';
    await pauseProcess(this.pid);
  }

  resume(): void {
    this.#mustRun();
    process.kill(this.pid, 'SIGCONT');
    this.state = 'running';
  }

  #mustRun(): void {
    if (this.state === 'stopped') throw new Error(`${this.name} does not run`);
  }

  async restart({ directory = 'kept' }: { readonly directory?: JwtDirectory } = {}): Promise<void> {
    await this.stop('SIGKILL');
    if (directory !== 'kept') {
      await rm(this.jwtDirectory, { recursive: true, force: true });
      if (directory === 'empty') await mkdir(this.jwtDirectory);
      else await cp(directory.copyOf, this.jwtDirectory, { recursive: true });
    }
    await this.start();
    await this.#options.routed();
  }

  async copyJwts(): Promise<string> {
    this.#copies += 1;
    const copy = join(this.#options.folder, `jwts-${this.#copies}`);
    await cp(this.jwtDirectory, copy, { recursive: true });
    return copy;
  }
}

/** `data` of a server's answer about its routes, as far as it is used here. */
interface Routes {
  readonly routes?: readonly { readonly remote_name?: string; readonly account?: string }[];
}

async function routesUp(world: OperatorWorld, nodes: readonly RunningNode[]): Promise<void> {
  const awake = nodes.filter(({ state }) => state === 'running');
  await Promise.all(
    awake.map(async (node) => {
      const connection = await connect({
        servers: node.url,
        authenticator: credsAuthenticator(Buffer.from(world.sysCreds)),
        timeout: PATIENCE_MILLISECONDS,
      });
      try {
        const others = awake.filter((other) => other !== node).map(({ name }) => name);
        await eventually(async () => hasRoutes(await routesOf(connection), others));
      } finally {
        await connection.close();
      }
    }),
  );
}

async function routesOf(connection: NatsConnection): Promise<Routes> {
  const id = connection.info?.server_id;
  const reply = await connection.request(`$SYS.REQ.SERVER.${id}.ROUTEZ`, '', {
    timeout: PATIENCE_MILLISECONDS,
  });
  return reply.json<{ data: Routes }>().data;
}

/** Servers 2.10 and later have several connections to each other: a pool, and one of the system account's own. */
const ROUTES_A_PEER = 4;

function hasRoutes({ routes = [] }: Routes, others: readonly string[]): boolean {
  return others.every(
    (name) => routes.filter(({ remote_name }) => remote_name === name).length >= ROUTES_A_PEER,
  );
}
