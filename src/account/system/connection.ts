import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type Status,
} from '@nats-io/transport-node';
import { parseCreds } from '../../nats/creds.ts';
import { Malformed } from '../../nats/malformed.ts';
import { INBOX_PREFIX } from './permissions.ts';

export interface SystemConnectionOptions {
  /** NATS URLs. */
  readonly servers: readonly string[];
  /** Creds of a system-account user: the text, or a file that is read anew at each connect. */
  readonly creds: { readonly text: string } | { readonly file: string };
  readonly tls?: ConnectionOptions['tls'];
  /** Told of each change, never of the same twice in a row. Must not throw. */
  readonly report?: (change: ConnectionChange) => void;
}

export type ConnectionChange =
  | { readonly state: 'connected'; readonly server: string }
  | { readonly state: 'disconnected'; readonly problem: string }
  /** Connected, but something we need is not allowed. */
  | { readonly state: 'not-permitted'; readonly problem: string };

/** A connection of a system-account user that is never given up. */
export interface SystemConnection {
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
 * creds can't be read or are none.
 */
export function openSystemConnection(options: SystemConnectionOptions): SystemConnection {
  readCreds(options.creds);
  return new LastingConnection(options);
}

function readCreds(creds: SystemConnectionOptions['creds']): Uint8Array {
  const text = 'text' in creds ? creds.text : readFileSync(creds.file, 'utf8');
  const parsed = parseCreds(text);
  if (!(parsed instanceof Malformed)) return Buffer.from(text);
  const source = 'file' in creds ? `"${creds.file}"` : 'the creds of the system account user';
  throw new Error(`cannot use ${source}: ${parsed.problem}`);
}

class LastingConnection implements SystemConnection {
  readonly #options: SystemConnectionOptions;
  readonly #closing = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  #connection: NatsConnection | undefined;
  #problem: string | undefined = 'not connected to NATS yet';
  #notPermitted = new Map<string, string>();
  #reported: string | undefined;

  constructor(options: SystemConnectionOptions) {
    this.#options = options;
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
        this.#down(problemOf(error));
      }
      await wait(RETRY_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
    this.#connection = undefined;
    this.#problem = 'the connection to NATS was closed';
  }

  #connectOptions(): ConnectionOptions {
    const { servers, creds, tls } = this.#options;
    return {
      servers: [...servers],
      name: 'nats-sts',
      authenticator: credsAuthenticator(() => readCreds(creds)),
      ...(tls && { tls }),
      inboxPrefix: INBOX_PREFIX,
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
    this.#up(connection.getServer());
    for await (const status of connection.status()) this.#take(status);
    const reason = await connection.closed();
    this.#down(reason ? problemOf(reason) : 'the connection to NATS was closed');
  }

  #take(status: Status): void {
    if (status.type === 'reconnect') this.#up(status.server);
    if (status.type === 'disconnect') this.#down('the connection to NATS is interrupted');
    if (status.type !== 'error') return;
    const { error } = status;
    if (error instanceof errors.PermissionViolationError) {
      const problem = notPermittedSentence(error.operation, error.subject);
      this.#notPermitted.set(error.subject, problem);
      this.#report({ state: 'not-permitted', problem });
    } else {
      this.#down(problemOf(error));
    }
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
  { servers, creds, tls }: SystemConnectionOptions,
  timeoutMilliseconds: number,
): Promise<string | undefined> {
  const faults = await Promise.all(
    servers.map(async (server): Promise<unknown> => {
      try {
        const connection = await connect({
          servers: server,
          name: 'nats-sts',
          authenticator: credsAuthenticator(() => readCreds(creds)),
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
  return problemOf(faults.find((fault) => fault instanceof errors.AuthorizationError) ?? faults[0]);
}

/** For the operator. */
export function notPermittedSentence(operation: string, subject: string): string {
  const verb = operation === 'publish' ? 'publish' : 'subscribe';
  return `the system account user may not ${verb} to "${subject}": its permissions are narrower than nats-sts needs`;
}

/** For the operator; holds nothing secret: an error of the creds file names its path only. */
function problemOf(error: unknown): string {
  if (error instanceof errors.UserAuthenticationExpiredError) {
    return 'the JWT of the system account user has expired: create new creds';
  }
  if (error instanceof errors.AuthorizationError) {
    return 'NATS refuses the system account user: its creds are not of this operator, were revoked, or have expired';
  }
  const { message } = error instanceof Error ? error : new Error(String(error));
  return `cannot reach NATS: ${message}`;
}
