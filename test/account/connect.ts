import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

/** A connection with these creds that doesn't come back, closed at the end of its block. */
export async function connectTo(
  server: string,
  creds: string,
): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connect({
    servers: server,
    authenticator: credsAuthenticator(Buffer.from(creds)),
    reconnect: false,
    timeout: PATIENCE_MILLISECONDS,
  });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}
