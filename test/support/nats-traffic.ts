import type { NatsConnection } from '@nats-io/transport-node';

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
