import { createConnection } from 'node:net';
import { credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';

/** The subjects that reach `observer` while `work` runs. */
export async function heard(
  observer: NatsConnection,
  work: () => Promise<void>,
): Promise<string[]> {
  const subscription = observer.subscribe('>');
  await observer.flush();
  await work();
  // The server keeps the order: what was published before comes before the answer to this.
  await observer.flush();
  await subscription.drain();
  const subjects: string[] = [];
  for await (const { subject } of subscription) subjects.push(subject);
  return subjects;
}

/** Publishes to each subject, and waits until the server has seen them all. */
export async function publishTo(
  connection: NatsConnection,
  subjects: readonly string[],
): Promise<void> {
  for (const subject of subjects) connection.publish(subject, 'x');
  await connection.flush();
}

/**
 * Signs in and publishes in one write, then leaves; resolves once the server has read it all or closed
 * the connection. For users that may have no subscription: servers let them in, close the connection
 * moments later, and ignore what comes after.
 */
export function publishAtOnce(
  url: string,
  creds: string,
  subjects: readonly string[],
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  let heard = '';
  let sent = false;
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      const info = /^INFO (.*)\r\n/.exec(heard)?.[1];
      if (info !== undefined && !sent) {
        sent = true;
        const { nonce } = JSON.parse(info) as { nonce: string };
        const signed = credsAuthenticator(Buffer.from(creds))(nonce);
        const publishing = subjects.map((subject) => `PUB ${subject} 0\r\n\r\n`).join('');
        socket.write(
          `CONNECT ${JSON.stringify({ ...signed, verbose: false })}\r\n${publishing}PING\r\n`,
        );
      }
      if (heard.includes('PONG\r\n')) socket.end();
    });
    socket.on('close', () => resolve());
    // One that the server has closed may be reset.
    socket.on('error', (error) => (sent ? resolve() : reject(error)));
  });
}

/** The first error that the server tells this connection of, from now on. */
export async function firstError(connection: NatsConnection): Promise<Error> {
  for await (const status of connection.status()) {
    if (status.type === 'error') return status.error;
  }
  throw new Error('the connection was closed without an error');
}

/** Why the server refused this subscription, or undefined when it stands. */
export function subscriptionError(
  connection: NatsConnection,
  subject: string,
  queue?: string,
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    connection.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (fault) => resolve(fault ?? undefined),
    });
    void connection.flush().then(() => resolve(undefined));
  });
}
