import {
  connect,
  credsAuthenticator,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';

/** What a service does with its credential, which works in any NATS client. */
export interface NatsClient extends AsyncDisposable {
  /** Publishes, and returns what a subscriber of `on` received. */
  publishTo(subject: string, text: string, on: string): Promise<Msg>;
  /** Publishes, and returns the error of the server, if any. */
  objectionTo(subject: string, text: string): Promise<string | undefined>;
  /** Publishes continuously, and counts what a subscriber of `on` receives. */
  keepPublishing(subject: string, on: string): Publishing;
  /** Resolves once the connection is gone. */
  readonly closed: Promise<unknown>;
}

export interface Publishing {
  /** Messages so far, and how many of them arrived without a gap. */
  counts(): Promise<{ readonly published: number; readonly received: number }>;
}

const PATIENCE_MILLISECONDS = 120_000;
const PAUSE_MILLISECONDS = 20;

export async function connectWith(creds: string, servers: string[]): Promise<NatsClient> {
  const authenticator = credsAuthenticator(Buffer.from(creds));
  const connection = await connect({
    servers,
    authenticator,
    reconnect: false,
    timeout: PATIENCE_MILLISECONDS,
  });
  const objections = collectObjections(connection);
  return {
    publishTo: async (subject, text, on) => {
      const subscription = connection.subscribe(on, { max: 1, timeout: PATIENCE_MILLISECONDS });
      await connection.flush();
      connection.publish(subject, text);
      for await (const message of subscription) return message;
      throw new Error(`nothing arrived on ${on}: ${objections.join(', ')}`);
    },
    objectionTo: async (subject, text) => {
      const before = objections.length;
      connection.publish(subject, text);
      // The server answers in order: its error comes before the pong of this flush.
      await connection.flush();
      await connection.flush();
      return objections[before];
    },
    keepPublishing: (subject, on) => keepPublishing(connection, subject, on),
    closed: connection.closed(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

function keepPublishing(connection: NatsConnection, subject: string, on: string): Publishing {
  let published = 0;
  let received = 0;
  connection.subscribe(on, {
    // A lost message ends the count, whatever comes after it.
    callback: (_error, message) => {
      if (message.string() === String(received + 1)) received += 1;
    },
  });
  const timer = setInterval(() => {
    published += 1;
    connection.publish(subject, String(published));
  }, PAUSE_MILLISECONDS);
  void connection.closed().then(() => clearInterval(timer));
  return {
    counts: async () => {
      const counted = published;
      // The server sends pending messages before the pong of this flush.
      await connection.flush();
      return { published: counted, received: Math.min(received, counted) };
    },
  };
}

/** The server denies a publish out of band, without closing the connection. */
function collectObjections(connection: NatsConnection): readonly string[] {
  const objections: string[] = [];
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') objections.push(status.error.message);
    }
  })();
  return objections;
}
