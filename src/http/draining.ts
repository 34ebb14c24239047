import type { ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { connectionOf, type Unanswered } from './limits/connection-shares.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Ends what connections there are without losing a request: from now on each answer announces
     * that it is the last of its connection. Accepts connections for `acceptMilliseconds` more;
     * resolves once no connection is left, or those that are left had time to ask once more.
     * `close()` ends them then.
     */
    drain(options: { readonly acceptMilliseconds: number }): Promise<void>;
  }
}

/** Clients that keep a connection busy ask again within this time; to close an idle one may cost a request that is under way. */
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
    // Right after connections were accepted: those that wait to be are reset when listening ends.
    await setImmediate();
    await Promise.race([
      endOfConnections(app.server),
      setTimeout(IDLE_GRACE_MILLISECONDS, undefined, { ref: false }),
    ]);
  });
}

/** Of requests that came one behind the other, the last answer ends the connection. */
function announceOn(answers: ReadonlySet<ServerResponse>): void {
  const last = [...answers].at(-1);
  for (const answer of answers) {
    if (answer.headersSent) continue;
    answer.setHeader('connection', answer === last ? 'close' : 'keep-alive');
  }
}

/** Stops listening. HTTP's own `close` would cut idle connections at once, with the requests that are on their way. */
function endOfConnections(server: Server): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve());
  });
}
