import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { z } from 'zod';

const info = z.object({
  version: z.string(),
  /** `N…` */
  server_id: z.string().default(''),
  /** `host:port` of the other servers of its cluster. */
  connect_urls: z.array(z.string()).nullish(),
  auth_required: z.boolean().default(false),
  nonce: z.string().optional(),
  tls_required: z.boolean().default(false),
  tls_available: z.boolean().default(false),
  tls_verify: z.boolean().default(false),
  jetstream: z.boolean().default(false),
});

/** What a NATS server says before a client has said anything. */
export type Greeting = z.infer<typeof info> & { readonly encrypted: boolean };

/** There was no greeting. `cause` is the error of the operating system, if any. */
export class NoGreeting extends Error {
  override readonly name = 'NoGreeting';
}

const DEFAULT_PORT = 4222;
/** An INFO with many `connect_urls` has a few kilobytes. */
const LONGEST = 1024 * 1024;

/**
 * Connects like a client, with TLS if the server or the URL requires it, reads INFO, and disconnects.
 * Throws `NoGreeting`.
 */
export async function readGreeting(server: string, timeoutMilliseconds: number): Promise<Greeting> {
  const url = new URL(server);
  const limit = AbortSignal.timeout(timeoutMilliseconds);
  if (url.protocol === 'ws:' || url.protocol === 'wss:') {
    return { ...(await overWebSocket(url, limit)), encrypted: url.protocol === 'wss:' };
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connectTcp({ host, port: Number(url.port || DEFAULT_PORT) });
  try {
    const greeting = parse(await firstLine(socket, limit));
    const encrypted = url.protocol === 'tls:' || greeting.tls_required;
    if (encrypted) await encrypt(socket, host, greeting, limit);
    return { ...greeting, encrypted };
  } finally {
    socket.destroy();
  }
}

function firstLine(socket: Socket, limit: AbortSignal): Promise<string> {
  return within(limit, 'it accepts the connection, but sends no greeting', (resolve, reject) => {
    let text = '';
    socket.once('error', (cause) => reject(new NoGreeting('failed', { cause })));
    socket.once('close', () =>
      reject(new NoGreeting('it closes the connection without a greeting')),
    );
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > LONGEST)
        reject(new NoGreeting('its greeting is not that of a NATS server'));
    });
  });
}

/** The server switches to TLS after it has sent INFO. */
function encrypt(
  socket: Socket,
  host: string,
  { tls_required, tls_available }: z.infer<typeof info>,
  limit: AbortSignal,
): Promise<void> {
  if (!tls_required && !tls_available) {
    return Promise.reject(new NoGreeting('the URL says tls://, but the server has no TLS'));
  }
  socket.removeAllListeners();
  return within(limit, 'the TLS handshake timed out', (resolve, reject) => {
    const secure = connectTls({ socket, ...(isIP(host) === 0 && { servername: host }), host });
    secure.once('secureConnect', () => resolve());
    secure.once('error', (cause) => reject(new NoGreeting('the TLS handshake failed', { cause })));
    secure.once('close', () =>
      reject(new NoGreeting('it closes the connection during the TLS handshake')),
    );
  });
}

function overWebSocket(url: URL, limit: AbortSignal): Promise<z.infer<typeof info>> {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return within<string>(
    limit,
    'it accepts the connection, but sends no greeting',
    (resolve, reject) => {
      socket.addEventListener('message', ({ data }) => {
        const text = typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString();
        resolve(text.split('\r\n')[0] ?? '');
      });
      socket.addEventListener('error', (event) => {
        const cause: unknown = 'error' in event ? event.error : undefined;
        reject(new NoGreeting('the WebSocket could not be opened', { cause }));
      });
    },
  )
    .then(parse)
    .finally(() => socket.close());
}

function parse(line: string): z.infer<typeof info> {
  const [, json] = /^INFO\s+(\{.*)$/i.exec(line) ?? [];
  const read = json === undefined ? undefined : info.safeParse(jsonOf(json));
  if (read?.success) return read.data;
  throw new NoGreeting('its greeting is not that of a NATS server');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fails with this message once the limit has passed. */
function within<T>(
  limit: AbortSignal,
  message: string,
  work: (resolve: (value: T) => void, reject: (fault: Error) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = () => reject(new NoGreeting(message));
    if (limit.aborted) late();
    else limit.addEventListener('abort', late, { once: true });
    work(resolve, reject);
  });
}
