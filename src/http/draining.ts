import type { ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { connectionOf, type Unanswered } from './limits/connection-shares.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Ends all connections without losing a request: from now on, each answer announces that it is
     * the last on its connection. Accepts new connections for `acceptMilliseconds`. Resolves once no
     * connection is left, or the remaining ones had time for one more request; `close()` then ends
     * them.
     */
    drain(options: { readonly acceptMilliseconds: number }): Promise<void>;
  }
}

/** Clients that keep a connection busy send their next request within this time. Closing an idle connection may lose a request in flight. */
const IDLE_GRACE_MILLISECONDS = 2000;

/** Adds `drain` to the app. */
export function announceEnd(app: FastifyInstance, unanswered: Unanswered): void {
  let ending = false;
  const announce = (): void => {
    ending = true;
    for (const answers of unanswered.values()) announceOn(answers);
  };
  app.addHook('onRequest', ({ raw: { socket } }, _reply, done) => {
    if (ending) announceOn(unanswered.get(connectionOf(socket)) ?? new Set());
    done();
  });
  app.addHook('preClose', async () => announce());
  app.decorate('drain', async ({ acceptMilliseconds }) => {
    announce();
    if (acceptMilliseconds > 0) await setTimeout(acceptMilliseconds);
    // Right after connections were accepted: waiting ones are reset when listening ends.
    await setImmediate();
    await Promise.race([
      endOfConnections(app.server),
      setTimeout(IDLE_GRACE_MILLISECONDS, undefined, { ref: false }),
    ]);
  });
}

/** For pipelined requests, the last answer ends the connection. */
function announceOn(answers: ReadonlySet<ServerResponse>): void {
  const last = [...answers].at(-1);
  for (const answer of answers) {
    if (answer.headersSent) continue;
    answer.setHeader('connection', answer === last ? 'close' : 'keep-alive');
  }
}

/** Stops listening. HTTP's own `close` would close idle connections at once, and lose requests in flight. */
function endOfConnections(server: Server): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve());
  });
}
