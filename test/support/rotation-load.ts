import { setTimeout as wait } from 'node:timers/promises';
import { connect, credsAuthenticator, errors, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from './eventually.ts';
import type { ClusterNode } from './nats-cluster.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';
import type { RotationWorld } from './rotation-world.ts';
import type { CredentialAnswer } from './service-world.ts';

/**
 * Something that a client did not get while its credential was valid. Times are milliseconds since the
 * Unix epoch.
 */
export interface LoadFault {
  /**
   * - exchange: no credential for a good token.
   * - refused: a server took a valid credential for none.
   * - cut: a connection was closed before its credential expired.
   * - lost: no connection, or a message that did not come back.
   */
  readonly kind: 'exchange' | 'refused' | 'cut' | 'lost';
  readonly node?: string;
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** What clients got so far. */
export interface LoadCounts {
  readonly exchanges: number;
  /** Connections that were accepted. */
  readonly connections: number;
  /** Messages that came back to the client that sent them. */
  readonly messages: number;
  /** Connections that were held until their credential's end, and ended then. */
  readonly heldToTheEnd: number;
}

export interface LoadReport extends LoadCounts {
  /** What happened while the server was there all the time. */
  readonly faults: readonly LoadFault[];
  /** What happened while the server was away or coming back. */
  readonly excused: readonly LoadFault[];
}

export interface RotationLoad {
  /** From now until the answer is called, this server can't be expected to serve. */
  away(node: ClusterNode): () => void;
  /** What clients got so far. */
  readonly counts: LoadCounts;
  /** Resolves once the clients got this much. */
  until(enough: (counts: LoadCounts) => boolean): Promise<void>;
  /** Resolves once no more clients are there; those that hold on are waited for. */
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  /** Clients that come and go one after the other, one for each server, so that a server that hangs does not block the others. */
  readonly lanes?: number;
  /** Seconds that the connections live which are held, one at a time on each server. */
  readonly holdSeconds?: number;
}

/** Longer than a client needs on a slow machine; what comes after the end of its credential counts for nothing. */
const LANE_SECONDS = 10;

/** A steady load on service and servers: exchange, connect, send oneself a message, and so on. */
export function startLoad(
  world: Pick<RotationWorld, 'token' | 'exchange' | 'cluster'>,
  { lanes = 3, holdSeconds = 8 }: LoadOptions = {},
): RotationLoad {
  const counts = { exchanges: 0, connections: 0, messages: 0, heldToTheEnd: 0 };
  const faults: LoadFault[] = [];
  const outages: { readonly node: string; readonly from: number; to: number }[] = [];
  const { nodes } = world.cluster;
  let stopped = false;

  async function credential(ttl: number): Promise<CredentialAnswer | undefined> {
    const from = Date.now();
    counts.exchanges += 1;
    try {
      const response = await world.exchange(await world.token(), { ttl });
      if (response.ok) return (await response.json()) as CredentialAnswer;
      note('exchange', from, `${response.status} ${await response.text()}`);
    } catch (error) {
      note('exchange', from, String(error));
    }
    return undefined;
  }

  function note(
    kind: LoadFault['kind'],
    from: number,
    message: string,
    node?: ClusterNode,
  ): undefined {
    faults.push({ kind, from, to: Date.now(), message, ...(node && { node: node.name }) });
  }

  async function join(
    node: ClusterNode,
    given: CredentialAnswer,
  ): Promise<NatsConnection | undefined> {
    const from = Date.now();
    try {
      const connection = await connect({
        servers: node.url,
        authenticator: credsAuthenticator(Buffer.from(given.creds)),
        reconnect: false,
        timeout: PATIENCE_MILLISECONDS,
      });
      counts.connections += 1;
      return connection;
    } catch (error) {
      if (!isValid(given)) return undefined;
      const refused =
        error instanceof errors.AuthorizationError ||
        error instanceof errors.UserAuthenticationExpiredError;
      return note(refused ? 'refused' : 'lost', from, String(error), node);
    }
  }

  /** Sends itself one message; whether it came back. */
  async function echo(connection: NatsConnection, subject: string): Promise<boolean> {
    if (connection.isClosed()) return false;
    let came = false;
    const subscription = connection.subscribe(subject, {
      callback: (fault) => void (came ||= !fault),
    });
    connection.publish(subject, 'x');
    // The server keeps the order: the message comes before the answer to this.
    const answered = connection.flush().catch(() => undefined);
    // A flush may stay open when the connection ends.
    const ended = connection.closed();
    await Promise.race([answered, ended, wait(PATIENCE_MILLISECONDS, undefined, { ref: false })]);
    if (!connection.isClosed()) subscription.unsubscribe();
    return came;
  }

  async function lane(name: string, node: ClusterNode): Promise<void> {
    while (!stopped) {
      const given = await credential(LANE_SECONDS);
      const connection = given && (await join(node, given));
      if (connection) {
        const from = Date.now();
        if (await echo(connection, `orders.orders.${name}`)) counts.messages += 1;
        else if (isValid(given)) note('lost', from, 'a message did not come back', node);
        await connection.close();
      }
      await wait(connection ? 20 : 100);
    }
  }

  async function holder(node: ClusterNode): Promise<void> {
    while (!stopped) {
      const given = await credential(holdSeconds);
      const connection = given && (await join(node, given));
      if (connection) await hold(connection, node, given);
      else await wait(100);
    }
  }

  async function hold(
    connection: NatsConnection,
    node: ClusterNode,
    given: CredentialAnswer,
  ): Promise<void> {
    const from = Date.now();
    const closed = connection.closed();
    const subject = `orders.orders.held-${node.name}`;
    while (!connection.isClosed() && isValid(given)) {
      const came = await echo(connection, subject);
      if (came) counts.messages += 1;
      else if (!connection.isClosed() && isValid(given))
        note('lost', from, 'a held message did not come back', node);
      await wait(200);
    }
    if (connection.isClosed() && isValid(given)) note('cut', from, String(await closed), node);
    const patience = wait(PATIENCE_MILLISECONDS, 'never' as const, { ref: false });
    const reason = await Promise.race([closed, patience]);
    if (reason === 'never') note('lost', from, 'outlived its credential', node);
    else if (!isValid(given)) counts.heldToTheEnd += 1;
    await connection.close();
  }

  const running = Promise.all([
    ...Array.from({ length: lanes }, (_, place) =>
      lane(`lane-${place}`, nodes[place % nodes.length]!),
    ),
    ...nodes.map(holder),
  ]);

  function isExcused({ node, from, to }: LoadFault): boolean {
    return outages.some((outage) => outage.node === node && outage.from <= to && from <= outage.to);
  }

  return {
    away({ name }) {
      const outage = { node: name, from: Date.now(), to: Number.POSITIVE_INFINITY };
      outages.push(outage);
      return () => {
        outage.to = Date.now();
      };
    },
    counts,
    async until(enough) {
      await eventually(() => enough(counts));
    },
    async stop() {
      stopped = true;
      await running;
      return {
        ...counts,
        faults: faults.filter((fault) => !isExcused(fault)),
        excused: faults.filter(isExcused),
      };
    },
  };
}

function isValid({ expires_at }: CredentialAnswer): boolean {
  return Date.now() < expires_at * 1000;
}

/** For the message of an assertion. */
export function described(report: LoadReport): string {
  const { exchanges, connections, messages, heldToTheEnd, excused } = report;
  const kinds = excused.map(({ kind, node }) => `${kind} on ${node}`);
  return `${exchanges} exchanges, ${connections} connections, ${messages} messages, ${heldToTheEnd} held to their end; excused: ${kinds.join(', ') || 'none'}`;
}
