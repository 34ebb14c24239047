import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy to a local port whose connections can be cut. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /**
   * - refuse: connections are closed, and new ones at once.
   * - silence: connections stay open, new ones are taken, and nothing comes through.
   * - answers: what is asked comes through, what is answered does not.
   */
  cut(how: 'refuse' | 'silence' | 'answers'): void;
  /** From now on everything comes through again; what was held back, too. */
  heal(): void;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let state: 'open' | 'refuse' | 'silence' | 'answers' = 'open';

  function take(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  }

  const server = createServer((client) => {
    if (state === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      take(from);
      from.on('data', (chunk) => void to.write(chunk));
      from.on('close', () => to.destroy());
      if (state === 'silence') from.pause();
    }
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    if (state === 'answers') upstream.pause();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut(how) {
      state = how;
      if (how === 'refuse') destroyAll();
      else for (const socket of how === 'answers' ? upstreams : sockets) socket.pause();
    },
    heal() {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    [Symbol.asyncDispose]: async () => {
      destroyAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
