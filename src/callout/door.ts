import type { NatsConnection } from '@nats-io/transport-node';
import {
  type ConnectionChange,
  type LastingConnection,
  openLastingConnection,
} from '../connection/lasting-connection.ts';
import type { NatsLogin } from '../connection/nats-login.ts';
import { createResponder, type ResponderOptions } from './responder.ts';

export interface DoorOptions extends ResponderOptions {
  readonly servers: readonly string[];
  readonly login: NatsLogin;
  /** Milliseconds after which a new connection takes over, before the login expires; absent: never. */
  readonly renewAfter?: number;
  readonly report: (change: ConnectionChange) => void;
}

/** Answers auth callouts. NATS need not be there yet. */
export interface CalloutDoor {
  /** The connection while it is up, else why it is not. */
  current(): NatsConnection | string;
  /** Takes no more requests, and answers those that were taken. The other replicas take over. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const USER = 'the user of the auth callout';

interface Open {
  readonly connection: LastingConnection;
  stop: () => Promise<void>;
}

/** Throws if the login cannot be read. */
export function openDoor(options: DoorOptions): CalloutDoor {
  const responder = createResponder(options);
  const open = (): Open => {
    const opened: { stop: () => Promise<void> } = { stop: async () => {} };
    const connection = openLastingConnection({
      servers: options.servers,
      login: options.login,
      user: USER,
      report: options.report,
      begin: (nats) => {
        opened.stop = responder.listen(nats);
      },
    });
    return Object.assign(opened, { connection });
  };
  let now = open();
  let closed = false;

  /** The new connection takes requests before the old one stops: nobody waits in between. */
  const renew = async (): Promise<void> => {
    const before = now;
    const next = open();
    await next.connection.ready();
    const nats = next.connection.current();
    if (typeof nats !== 'string') await nats.flush();
    now = next;
    await leave(before);
    if (closed) await leave(now);
  };
  const leave = async ({ connection, stop }: Open): Promise<void> => {
    await stop().catch(() => undefined);
    await responder.idle();
    const nats = connection.current();
    if (typeof nats !== 'string') await nats.flush().catch(() => undefined);
    await connection.close();
  };
  const timer =
    options.renewAfter === undefined
      ? undefined
      : setInterval(() => void renew().catch(() => undefined), options.renewAfter);

  const drain = async (): Promise<void> => {
    clearInterval(timer);
    if (closed) return;
    closed = true;
    await leave(now);
  };
  return { current: () => now.connection.current(), drain, close: drain };
}
