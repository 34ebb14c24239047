import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CliError, ExitCode } from '../exit-codes.ts';

/** What the browser brings back (RFC 6749 §4.1.2, RFC 9207). */
export type CallbackAnswer =
  | { readonly code: string; readonly issuer: string | undefined }
  /** Untrusted text. */
  | { readonly error: string; readonly description: string | undefined };

export interface CallbackServer extends AsyncDisposable {
  readonly redirectUri: string;
  /** The only answer. Rejects with CliError if none arrives in time. */
  answer(patienceMilliseconds: number): Promise<CallbackAnswer>;
}

export interface CallbackOptions {
  /** Requests without it get a 404. */
  readonly state: string;
  /** Where the browser goes after it has delivered a code. */
  readonly doneUrl: URL;
}

/**
 * Waits on a port of this machine for the browser (RFC 8252 §7.3). Anybody else who finds the port gets
 * a 404: a page that guesses, or one whose own name resolves to this machine.
 */
export async function startCallbackServer(options: CallbackOptions): Promise<CallbackServer> {
  const { promise, resolve } = Promise.withResolvers<CallbackAnswer>();
  const server = createServer();
  await listen(server);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  let answered = false;
  server.on('request', (request, response) => {
    const answer = answerIn(request, host, options.state);
    if (answer === undefined || answered) return refuse(response);
    answered = true;
    // Send the page first: the process may end once the answer is known.
    response.once('close', () => resolve(answer));
    reply(response, answer, options.doneUrl);
  });
  return {
    redirectUri: `http://${host}/callback`,
    answer: (patience) => within(patience, promise),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ message }) => {
      const help = 'use nats-sts login --device, which needs no port';
      reject(
        new CliError(
          ExitCode.failed,
          `cannot wait for the browser on 127.0.0.1: ${message}; ${help}`,
        ),
      );
    });
    server.listen(0, '127.0.0.1', resolve);
  });
}

function answerIn(
  { method, url = '', headers }: IncomingMessage,
  host: string,
  state: string,
): CallbackAnswer | undefined {
  if (method !== 'GET' || headers.host !== host) return undefined;
  const asked = URL.parse(url, `http://${host}`);
  if (asked?.host !== host || asked.pathname !== '/callback') return undefined;
  const one = (name: string): string | undefined => {
    const [value, ...more] = asked.searchParams.getAll(name);
    return more.length > 0 ? undefined : value;
  };
  if (one('state') !== state) return undefined;
  const code = one('code');
  const error = one('error');
  if (error) return { error, description: one('error_description') };
  return code ? { code, issuer: one('iss') } : undefined;
}

function reply(response: ServerResponse, answer: CallbackAnswer, doneUrl: URL): void {
  const headers = {
    connection: 'close',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  if ('code' in answer) {
    response.writeHead(303, { ...headers, location: doneUrl.href }).end();
  } else {
    response
      .writeHead(200, { ...headers, 'content-type': 'text/plain; charset=utf-8' })
      .end('No credential was handed over. You can close this page.\n');
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, { connection: 'close', 'content-type': 'text/plain' }).end('not found\n');
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const minutes = Math.round(milliseconds / 60_000);
      reject(
        new CliError(
          ExitCode.failed,
          `the login in the browser took longer than ${minutes} minutes: nothing was written\nStart again, or use nats-sts login --device with a browser on another device.`,
        ),
      );
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
