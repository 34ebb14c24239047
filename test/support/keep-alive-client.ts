import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One connection that asks again and again, and notices what a client library would hide by asking once more. */
export interface KeepAliveClient {
  readonly answered: () => number;
  /** Resolves when the connection has ended, with what was lost: undefined when every request was answered. */
  readonly ended: Promise<string | undefined>;
}

/** Asks on one connection until an answer announces that it is the last one. */
export function keepAsking(url: string, request: string): KeepAliveClient {
  let answered = 0;
  const ask = async (): Promise<string | undefined> => {
    const socket = await connected(url);
    const reader = answersOn(socket);
    try {
      for (;;) {
        socket.write(request);
        const answer = await reader.next();
        if (!answer.startsWith('HTTP/1.1 200 ')) return answer.split('\r\n', 1)[0];
        answered += 1;
        if (/^connection: close\r$/im.test(answer)) return undefined;
      }
    } catch (error) {
      return `after ${answered} answers: ${String(error)}`;
    } finally {
      socket.destroy();
    }
  };
  return { answered: () => answered, ended: ask() };
}

export async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  return socket;
}

/** The answers on a connection, one by one, head and body. `next` rejects when the connection ends without one. */
export function answersOn(socket: Socket): { next(): Promise<string> } {
  let text = '';
  let wake = () => {};
  let end: string | undefined;
  const over = (why: string) => {
    end ??= why;
    wake();
  };
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.message));
  socket.on('close', () => over('closed'));
  return {
    async next() {
      for (;;) {
        const head = text.indexOf('\r\n\r\n');
        const [, length] = /^content-length: (\d+)\r$/im.exec(text.slice(0, head + 2)) ?? [];
        const whole = head + 4 + Number(length ?? 0);
        if (head !== -1 && text.length >= whole) {
          const answer = text.slice(0, whole);
          text = text.slice(whole);
          return answer;
        }
        if (end !== undefined) throw new Error(end);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
