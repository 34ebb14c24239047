import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import { STORE_INBOX_PREFIX } from './permissions.ts';
import { StoreUnavailable } from '../shared-state.ts';

export interface StoreConnectionOptions {
  /** `nats://…` or `tls://…`, of one cluster. */
  readonly servers: readonly string[];
  /** Absolute path of a `.creds` file. Read anew at each reconnect, so that it can be renewed. */
  readonly credsFile?: string;
  /** Shown in the server's list of connections. */
  readonly name?: string;
  /** Subject prefix of the answers to our requests: the user must be allowed to subscribe to it. */
  readonly inboxPrefix?: string;
}

/**
 * A NATS connection that is never given up: it reconnects for ever, also after the server has
 * refused its credentials.
 */
export interface StoreConnection {
  readonly nats: NatsConnection;
  /** False from the moment that a server is known to be gone; one that fell silent is noticed within 6 s. */
  connected(): boolean;
  /**
   * Runs `work`; rejects at once while there is no connection, and as soon as it is lost: what was
   * asked then is never answered.
   */
  whileConnected<T>(work: () => Promise<T>): Promise<T>;
  /** Called after each reconnect, until the answer is called. */
  onReconnect(listener: () => void): () => void;
  close(): Promise<void>;
}

const CONNECT_MILLISECONDS = 5000;

/** Two pings without an answer, and the next server is tried. */
const PING_MILLISECONDS = 2000;
const UNANSWERED_PINGS = 2;
const RECONNECT_MILLISECONDS = 250;

/** Throws `StoreUnavailable` when no server takes the connection now. */
export async function connectStore({
  servers,
  credsFile,
  name = 'nats-sts store',
  inboxPrefix = STORE_INBOX_PREFIX,
}: StoreConnectionOptions): Promise<StoreConnection> {
  const nats = await connect({
    servers: [...servers],
    name,
    inboxPrefix,
    ...(credsFile !== undefined && { authenticator: fileAuthenticator(credsFile) }),
    timeout: CONNECT_MILLISECONDS,
    pingInterval: PING_MILLISECONDS,
    maxPingOut: UNANSWERED_PINGS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MILLISECONDS,
    ignoreAuthErrorAbort: true,
  }).catch((cause: unknown) => {
    throw new StoreUnavailable(
      `cannot connect to the store at ${servers.map(withoutUser).join(', ')}: ${messageOf(cause)}`,
      { cause },
    );
  });
  return follow(nats);
}

function follow(nats: NatsConnection): StoreConnection {
  let up = true;
  const onReconnect = new Set<() => void>();
  const onLost = new Set<() => void>();
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type === 'reconnect') {
        up = true;
        for (const listener of onReconnect) listener();
      } else if (type === 'disconnect' || type === 'staleConnection' || type === 'close') {
        up = false;
        for (const listener of onLost) listener();
      }
    }
  })();
  const connected = (): boolean => up && !nats.isClosed();
  return {
    nats,
    connected,
    async whileConnected(work) {
      if (!connected()) throw new Error('there is no connection');
      const { promise: lost, reject } = Promise.withResolvers<never>();
      const onceLost = (): void => reject(new Error('the connection was lost'));
      onLost.add(onceLost);
      try {
        return await Promise.race([work(), lost]);
      } finally {
        onLost.delete(onceLost);
      }
    },
    onReconnect(listener) {
      onReconnect.add(listener);
      return () => void onReconnect.delete(listener);
    },
    close: () => nats.close(),
  };
}

/** A file that can't be read while it is being replaced must not end the reconnecting. */
function fileAuthenticator(file: string): Authenticator {
  let creds: Uint8Array;
  try {
    creds = readFileSync(file);
  } catch (cause) {
    throw new StoreUnavailable(`cannot read the store's credentials ${file}: ${messageOf(cause)}`, {
      cause,
    });
  }
  return credsAuthenticator(() => {
    try {
      creds = readFileSync(file);
    } catch {
      // What was read before may still do.
    }
    return creds;
  });
}

/** URLs may hold a password, and error texts end up in logs. */
function withoutUser(server: string): string {
  return server.replace(/^([a-z]+:\/\/)?[^/]*@/i, '$1');
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
