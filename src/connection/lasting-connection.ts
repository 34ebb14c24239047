import { setTimeout as wait } from 'node:timers/promises';
import {
  type Authenticator,
  connect,
  type ConnectionOptions,
  errors,
  type NatsConnection,
  type Status,
} from '@nats-io/transport-node';
import { authenticatorOf, type NatsLogin } from './nats-login.ts';

export interface LastingConnectionOptions {
  /** NATS URLs. */
  readonly servers: readonly string[];
  readonly login: NatsLogin;
  /** Who connects, in sentences for the operator: `the system account user`. */
  readonly user: string;
  readonly inboxPrefix?: string;
  readonly tls?: ConnectionOptions['tls'];
  /** Told of each change, never of the same twice in a row. Must not throw. */
  readonly report?: (change: ConnectionChange) => void;
  /** Given each new connection before it is reported: subscriptions made then survive reconnects. */
  readonly begin?: (connection: NatsConnection) => void;
}

export type ConnectionChange =
  | { readonly state: 'connected'; readonly server: string }
  | { readonly state: 'disconnected'; readonly problem: string }
  /** Connected, but something we need is not allowed. */
  | { readonly state: 'not-permitted'; readonly problem: string };

/** A connection to NATS that is never given up. */
export interface LastingConnection {
  /**
   * The connection while it is up; else why it is not, in a sentence for the operator. What is
   * published while it is down could arrive much later: so nothing is.
   */
  current(): NatsConnection | string;
  /** Whether NATS refused this subject since the connection was made: a sentence for the operator. */
  notPermitted(subject: string): string | undefined;
  /** Resolves once connected; never by itself if that never happens. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const RETRY_MILLISECONDS = 1000;
const PING_INTERVAL_MILLISECONDS = 1000;

/**
 * Connects, now or whenever NATS is there, and connects again for ever. Throws at once when the
 * login can't be read or is none.
 */
export function openLastingConnection(options: LastingConnectionOptions): LastingConnection {
  const authenticator = authenticatorOf(options.login, options.user);
  return new Lasting(options, authenticator);
}

class Lasting implements LastingConnection {
  readonly #options: LastingConnectionOptions;
  readonly #authenticator: Authenticator;
  readonly #closing = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  #connection: NatsConnection | undefined;
  #problem: string | undefined = 'not connected to NATS yet';
  #notPermitted = new Map<string, string>();
  #reported: string | undefined;

  constructor(options: LastingConnectionOptions, authenticator: Authenticator) {
    this.#options = options;
    this.#authenticator = authenticator;
    this.#done = this.#run();
  }

  current(): NatsConnection | string {
    if (this.#problem !== undefined) return this.#problem;
    return this.#connection ?? 'the connection to NATS was closed';
  }

  notPermitted(subject: string): string | undefined {
    return this.#notPermitted.get(subject);
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // An attempt to connect can't be broken off: it closes what it gets.
    if (!this.#connection) return;
    await this.#connection.close();
    await this.#done;
  }

  /** nats.js could wait for the first connection itself, but couldn't be closed meanwhile. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const connection = await connect(this.#connectOptions());
        this.#connection = connection;
        if (signal.aborted) await connection.close();
        else await this.#follow(connection);
      } catch (error) {
        this.#down(this.#problemOf(error));
      }
      await wait(RETRY_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
    this.#connection = undefined;
    this.#problem = 'the connection to NATS was closed';
  }

  #connectOptions(): ConnectionOptions {
    const { servers, inboxPrefix, tls } = this.#options;
    return {
      servers: [...servers],
      name: 'nats-sts',
      authenticator: this.#authenticator,
      ...(tls && { tls }),
      ...(inboxPrefix !== undefined && { inboxPrefix }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: RETRY_MILLISECONDS,
      // Refused now may be a server that is behind, or creds that are about to be renewed.
      ignoreAuthErrorAbort: true,
      pingInterval: PING_INTERVAL_MILLISECONDS,
      maxPingOut: 2,
      timeout: 2000,
    };
  }

  async #follow(connection: NatsConnection): Promise<void> {
    this.#options.begin?.(connection);
    this.#up(connection.getServer());
    for await (const status of connection.status()) this.#take(status);
    const reason = await connection.closed();
    this.#down(reason ? this.#problemOf(reason) : 'the connection to NATS was closed');
  }

  #take(status: Status): void {
    if (status.type === 'reconnect') this.#up(status.server);
    if (status.type === 'disconnect') this.#down('the connection to NATS is interrupted');
    if (status.type !== 'error') return;
    const { error } = status;
    if (error instanceof errors.PermissionViolationError) {
      const problem = notPermittedSentence(this.#options.user, error.operation, error.subject);
      this.#notPermitted.set(error.subject, problem);
      this.#report({ state: 'not-permitted', problem });
    } else {
      this.#down(this.#problemOf(error));
    }
  }

  #problemOf(error: unknown): string {
    return problemOf(error, this.#options.user);
  }

  #up(server: string): void {
    this.#problem = undefined;
    this.#notPermitted.clear();
    this.#ready.resolve();
    this.#report({ state: 'connected', server });
  }

  #down(problem: string): void {
    if (this.#closing.signal.aborted) return;
    this.#problem = problem;
    this.#report({ state: 'disconnected', problem });
  }

  #report(change: ConnectionChange): void {
    const text = JSON.stringify(change);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.report?.(change);
  }
}

/**
 * Tries once to connect to each server. Why it did not work where it worked nowhere, for the operator: a server that
 * refuses the user tells more than one that is down.
 */
export async function connectionProblem(
  {
    servers,
    login,
    user,
    tls,
  }: Pick<LastingConnectionOptions, 'servers' | 'login' | 'user' | 'tls'>,
  timeoutMilliseconds: number,
): Promise<string | undefined> {
  const authenticator = authenticatorOf(login, user);
  const faults = await Promise.all(
    servers.map(async (server): Promise<unknown> => {
      try {
        const connection = await connect({
          servers: server,
          name: 'nats-sts',
          authenticator,
          ...(tls && { tls }),
          reconnect: false,
          timeout: timeoutMilliseconds,
        });
        await connection.close();
        return undefined;
      } catch (fault) {
        return fault;
      }
    }),
  );
  if (faults.includes(undefined)) return undefined;
  return problemOf(
    faults.find((fault) => fault instanceof errors.AuthorizationError) ?? faults[0],
    user,
  );
}

/** For the operator. */
export function notPermittedSentence(user: string, operation: string, subject: string): string {
  const verb = operation === 'publish' ? 'publish' : 'subscribe';
  return `${user} may not ${verb} to "${subject}": its permissions are narrower than nats-sts needs`;
}

/** For the operator; holds nothing secret: an error of the creds file names its path only. */
function problemOf(error: unknown, user: string): string {
  if (error instanceof errors.UserAuthenticationExpiredError) {
    return `the JWT of ${user} has expired: create new creds`;
  }
  if (error instanceof errors.AuthorizationError) {
    return `NATS refuses ${user}: its creds are not of this operator, were revoked, or have expired`;
  }
  const { message } = error instanceof Error ? error : new Error(String(error));
  return `cannot reach NATS: ${message}`;
}
