import { connect } from 'node:net';

/** What came back over one connection until the other side closed it. */
export interface RawAnswer {
  readonly text: string;
  /** Status of each response, in order. */
  readonly statuses: readonly number[];
}

/**
 * Sends bytes that need not be HTTP and reads until the other side closes. With `end: false` our
 * side stays open, as a client would that has more to say and doesn't say it.
 */
export function sendRaw(
  url: string,
  bytes: string | Uint8Array,
  { end = true }: { end?: boolean } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  let text = '';
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => {
    socket.write(bytes);
    if (end) socket.end();
  });
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  // A reset after (or instead of) an answer is one way to close.
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.once('close', () => {
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    resolve({ text, statuses });
  });
  return promise;
}
