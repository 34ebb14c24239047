import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectStore, type StoreConnection } from '../../../src/store/jetstream/connection.ts';
import { type NatsServer, startNatsServer } from '../../support/nats-server.ts';

/** A nats-server with JetStream that can be killed and come back with what it had stored. */
export interface JetStreamWorld extends AsyncDisposable {
  readonly server: NatsServer;
  /** A connection of its own, closed with the world. */
  connect(): Promise<StoreConnection>;
  /** Closed with the world, before its connections are. */
  defer(close: () => Promise<void>): void;
  kill(): Promise<void>;
  /** On the same port, with the same files. */
  restart(): Promise<void>;
  /** Loses its files as well; not running afterwards. */
  lose(): Promise<void>;
}

export async function createJetStreamWorld(): Promise<JetStreamWorld> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'nats-sts-jetstream-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const start = (port?: number) =>
    startNatsServer({ args: ['-js'], folder, ...(port !== undefined && { port }) });
  let server = await start();
  started.defer(() => server.stop());
  const world = started.move();
  return {
    get server() {
      return server;
    },
    async connect() {
      const connection = await connectStore({ servers: [server.url] });
      world.defer(() => connection.close());
      return connection;
    },
    defer: (close) => world.defer(close),
    kill: () => server.stop('SIGKILL'),
    async restart() {
      server = await start(server.port);
    },
    async lose() {
      await server.stop('SIGKILL');
      await rm(join(folder, 'jetstream'), { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => world.disposeAsync(),
  };
}
